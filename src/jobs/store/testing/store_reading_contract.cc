#include "jobs/store/testing/store_reading_contract.h"

#include <algorithm>
#include <numeric>
#include <random>

namespace tidemill::jobs::testing {

using Ids = std::vector<std::uint64_t>;

namespace {

Ids Range(std::uint64_t first, std::uint64_t last) {
  Ids ids(last - first + 1);
  std::iota(ids.begin(), ids.end(), first);
  return ids;
}

}  // namespace

std::string StoreReadingContract::Name(const ::testing::TestParamInfo<StoreParam>& info) {
  return info.param.name;
}

TEST_P(StoreReadingContract, NothingIsInANewStore) {
  EXPECT_EQ(Must(store().LastId()).value(), 0u);
  EXPECT_TRUE(Must(store().LoadReady(JobId(0), 10, 10)).empty());
  EXPECT_TRUE(Must(store().LoadLater({}, 10)).empty());
  EXPECT_TRUE(Must(store().LoadClaims(JobId(0), 10)).empty());
  EXPECT_TRUE(Must(store().LoadInbox(10)).empty());
  EXPECT_TRUE(Must(store().Load(Place::kDead, {})).empty());
  EXPECT_TRUE(Must(store().Load(Place::kDead, {JobId(1)})).empty());
  for (const Place place : {Place::kReady, Place::kLater, Place::kDead}) {
    EXPECT_EQ(Must(store().Count(place)), 0u);
    const JobPage page = Must(store().List({.place = place}));
    EXPECT_TRUE(page.items.empty());
    EXPECT_EQ(page.next, "");
  }
}

TEST_P(StoreReadingContract, TheLastIdIsOfAllPlaces) {
  MustCommit({.ready = {JobOf(3)}});
  EXPECT_EQ(Must(store().LastId()).value(), 3u);
  Flush flush;
  flush.later.push_back({.job = JobOf(5)});
  flush.dead.push_back({.job = JobOf(9), .expires_at = WallTime{1}});
  MustCommit(flush);
  EXPECT_EQ(Must(store().LastId()).value(), 9u);
  MustCommit({.dead_deletes = {JobId(9)}});
  EXPECT_EQ(Must(store().LastId()).value(), 5u);
}

TEST_P(StoreReadingContract, ReadyJobsComeInTheOrderOfIdsWithAsMuchTextAsIsWanted) {
  Flush flush;
  for (std::uint64_t id = 1; id <= 10'000; ++id) {
    flush.ready.push_back(JobOf(id));
    flush.ready.back().text = std::string(100, 'x');
  }
  MustCommit(flush);
  std::uint64_t seen = 0;
  for (;;) {
    const auto jobs = Must(store().LoadReady(JobId(seen), 3000, 150'050));
    for (const StoredJob& job : jobs) ASSERT_EQ(job.id.value(), ++seen);
    const auto with_text =
        std::ranges::count_if(jobs, [](const StoredJob& job) { return !job.text.empty(); });
    EXPECT_EQ(with_text, std::min<std::ptrdiff_t>(1500, std::ssize(jobs)));
    if (jobs.size() < 3000) break;
  }
  EXPECT_EQ(seen, 10'000u);
  const auto bare = Must(store().LoadReady(JobId(9998), 10, 0));
  ASSERT_EQ(bare.size(), 2u);
  EXPECT_EQ(bare[0].text, "");
  EXPECT_EQ(bare[0].jid, "job-9999");
}

TEST_P(StoreReadingContract, LaterJobsComeInTheOrderOfTheirTimesThoughManyHaveTheSame) {
  Flush flush;
  std::vector<std::pair<std::int64_t, std::uint64_t>> order;
  for (std::uint64_t id = 1; id <= 10'000; ++id) {
    const auto run_at = static_cast<std::int64_t>(id * 7919 % 13) - 3;  // some before 1970
    const Wait wait = id % 5 == 0 ? Wait::kBlocked : id % 2 == 0 ? Wait::kRetry : Wait::kScheduled;
    flush.later.push_back({.job = JobOf(id), .wait = wait, .run_at = WallTime{run_at}});
    if (wait != Wait::kBlocked) order.emplace_back(run_at, id);
  }
  std::ranges::sort(order);
  MustCommit(flush);
  Store::LaterPosition after{.run_at = WallTime{-1000}};
  std::vector<std::pair<std::int64_t, std::uint64_t>> seen;
  for (;;) {
    const auto entries = Must(store().LoadLater(after, 777));
    for (const Store::LaterEntry& entry : entries) {
      seen.emplace_back(entry.run_at.ms, entry.id.value());
      EXPECT_EQ(entry.jid, JobOf(entry.id.value()).jid);
      EXPECT_EQ(entry.wait, entry.id.value() % 2 == 0 ? Wait::kRetry : Wait::kScheduled);
      EXPECT_EQ(entry.queue, JobOf(entry.id.value()).queue);
    }
    if (entries.size() < 777) break;
    after = {.run_at = entries.back().run_at, .id = entries.back().id};
  }
  EXPECT_TRUE(seen == order);
}

TEST_P(StoreReadingContract, PagesHaveEachJobOnceInTheirOrder) {
  Flush flush;
  for (std::uint64_t id = 1; id <= 3000; ++id) {
    flush.ready.push_back(JobOf(id));
    flush.later.push_back({.job = JobOf(id), .run_at = WallTime{static_cast<std::int64_t>(id % 3)}});
    flush.dead.push_back(
        {.job = JobOf(id), .died_at = WallTime{static_cast<std::int64_t>(id % 3)}, .expires_at = {}});
  }
  MustCommit(flush);
  EXPECT_TRUE(IdsIn(Place::kReady, {}, 999) == Range(1, 3000));
  Ids later = Range(1, 3000);
  std::ranges::sort(later, {}, [](std::uint64_t id) { return std::pair(id % 3, id); });
  EXPECT_TRUE(IdsIn(Place::kLater, {}, 999) == later);
  std::ranges::reverse(later);
  EXPECT_TRUE(IdsIn(Place::kDead, {}, 999) == later);
  // As many as asked for, and nothing more.
  EXPECT_EQ(Must(store().List({.cursor = "0_2900", .count = 100})).next, "");
  EXPECT_NE(Must(store().List({.cursor = "0_2899", .count = 100})).next, "");
}

TEST_P(StoreReadingContract, PagesOfAFilterHaveWhatItSays) {
  Flush flush;
  for (std::uint64_t id = 1; id <= 2000; ++id) {
    flush.later.push_back({.job = JobOf(id),
                           .wait = id % 2 == 0 ? Wait::kRetry : Wait::kScheduled,
                           .run_at = WallTime{static_cast<std::int64_t>(id)}});
    flush.ready.push_back(JobOf(id));
  }
  MustCommit(flush);
  struct Case {
    JobFilter filter;
    std::function<bool(std::uint64_t)> has;
  };
  const Case cases[] = {
      {{.queue = "q3"}, [](std::uint64_t id) { return id % 10 == 3; }},
      {{.type = "T4"}, [](std::uint64_t id) { return id % 7 == 4; }},
      {{.queue = "q3", .type = "T4"}, [](std::uint64_t id) { return id % 10 == 3 && id % 7 == 4; }},
      {{.jid = "job-1999"}, [](std::uint64_t id) { return id == 1999; }},
      {{.queue = "q1", .jid = "job-1999"}, [](std::uint64_t) { return false; }},
      {{.contains = R"(ü🌊\u0000",1999])"}, [](std::uint64_t id) { return id == 1999; }},
      {{.contains = "%"}, [](std::uint64_t) { return false; }},
      {{.queue = "nowhere"}, [](std::uint64_t) { return false; }},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.filter.queue + " " + c.filter.type + " " + c.filter.jid + " " + c.filter.contains);
    Ids wanted = Range(1, 2000);
    std::erase_if(wanted, [&](std::uint64_t id) { return !c.has(id); });
    EXPECT_EQ(IdsIn(Place::kReady, c.filter, 30), wanted);
    EXPECT_EQ(IdsIn(Place::kLater, c.filter, 30), wanted);
    JobFilter retries = c.filter;
    retries.wait = Wait::kRetry;
    std::erase_if(wanted, [](std::uint64_t id) { return id % 2 != 0; });
    EXPECT_EQ(IdsIn(Place::kLater, retries, 30), wanted);
  }
}

TEST_P(StoreReadingContract, APageLooksThroughTenTimesItsCount) {
  Flush flush;
  for (std::uint64_t id = 1; id <= 500; ++id) flush.ready.push_back(JobOf(id));
  MustCommit(flush);
  const JobPage page = Must(store().List({.filter = {.jid = "job-400"}, .count = 10}));
  EXPECT_TRUE(page.items.empty());
  EXPECT_NE(page.next, "");
}

TEST_P(StoreReadingContract, JobsThatComeAndGoBetweenPagesMoveNoOthers) {
  Flush flush;
  for (std::uint64_t id = 10; id <= 60; ++id)
    flush.later.push_back({.job = JobOf(id), .run_at = WallTime{static_cast<std::int64_t>(id)}});
  MustCommit(flush);
  const JobPage first = Must(store().List({.place = Place::kLater, .count = 20}));
  ASSERT_EQ(first.items.back().job.id.value(), 29u);
  Flush change{.later_deletes = {JobId(29), JobId(12), JobId(40)}};
  change.later.push_back({.job = JobOf(100), .run_at = WallTime{15}});  // in front of the cursor
  change.later.push_back({.job = JobOf(101), .run_at = WallTime{30}});
  MustCommit(change);
  Ids ids;
  for (const auto& item :
       Must(store().List({.place = Place::kLater, .cursor = first.next, .count = 100})).items)
    ids.push_back(item.job.id.value());
  Ids wanted = Range(30, 60);
  std::erase(wanted, 40u);
  wanted.insert(wanted.begin() + 1, 101);
  EXPECT_EQ(ids, wanted);
}

TEST_P(StoreReadingContract, ACursorThatIsNoneIsRefused) {
  for (const std::string cursor : {"x", "1", "1_", "_1", "1_2_3", "1_-2", "1_2 ", "99999999999999999999_1"}) {
    const auto page = Await(store().List({.cursor = cursor}));
    ASSERT_FALSE(page) << cursor;
    EXPECT_EQ(page.error().code, Errc::kInvalidArgument);
  }
}

TEST_P(StoreReadingContract, PagesOfLongTextsAreShortAndComplete) {
  Flush flush;
  for (std::uint64_t id = 1; id <= 12; ++id) {
    StoredJob job = JobOf(id);
    job.text = std::string(1 << 20, static_cast<char>('a' + id));
    flush.dead.push_back(
        {.job = job, .died_at = WallTime{static_cast<std::int64_t>(100 - id)}, .expires_at = {}});
  }
  MustCommit(flush);
  EXPECT_EQ(IdsIn(Place::kDead), Range(1, 12));
  std::vector<JobId> ids;
  for (std::uint64_t id = 14; id > 0; --id) ids.emplace_back(id);
  auto items = Must(store().Load(Place::kDead, ids));
  std::ranges::sort(items, {}, [](const JobPage::Item& item) { return item.job.id; });
  ASSERT_EQ(items.size(), 12u);
  for (std::size_t i = 0; i < 12; ++i) EXPECT_TRUE(items[i].job == flush.dead[i].job) << i;
}

TEST_P(StoreReadingContract, ClaimsAndRecordsComeInOrderAndInPieces) {
  Flush flush;
  for (std::uint64_t id = 1; id <= 100; ++id) {
    flush.claims.push_back({JobId(id), "w", WallTime{static_cast<std::int64_t>(id)}});
    flush.records.push_back({"a", "k" + std::to_string(1000 + id), std::to_string(id), std::nullopt});
    flush.records.push_back({"b", "k" + std::to_string(1000 + id), "other", std::nullopt});
  }
  MustCommit(flush);
  std::uint64_t last = 0;
  for (auto claims = Must(store().LoadClaims(JobId(0), 7)); !claims.empty();
       claims = Must(store().LoadClaims(JobId(last), 7)))
    for (const Claim& claim : claims) EXPECT_EQ(claim.id.value(), ++last);
  EXPECT_EQ(last, 100u);
  std::string key;
  std::uint64_t number = 0;
  for (auto records = Must(store().LoadRecords("a", key, 7)); !records.empty();
       records = Must(store().LoadRecords("a", key, 7))) {
    for (const Record& record : records) EXPECT_EQ(record.value, std::to_string(++number));
    key = records.back().key;
  }
  EXPECT_EQ(number, 100u);
}

TEST_P(StoreReadingContract, RecordsOfLongValuesComeInPieces) {
  Flush flush;
  for (int i = 0; i < 24; ++i)
    flush.records.push_back(
        {"result", std::string(1, static_cast<char>('a' + i)), std::string(1 << 20, 'v'), {}});
  MustCommit(flush);
  std::string key;
  std::size_t seen = 0;
  for (auto records = Must(store().LoadRecords("result", "", 100)); !records.empty();
       records = Must(store().LoadRecords("result", records.back().key, 100)))
    seen += records.size();
  EXPECT_EQ(seen, 24u);
}

TEST_P(StoreReadingContract, TheInboxGivesItsOldestUntilAFlushTakesThemOut) {
  for (int i = 0; i < 20; ++i) backend().Enqueue(R"({"jobtype":"T","args":[)" + std::to_string(i) + "]}");
  const auto first = Must(store().LoadInbox(5));
  ASSERT_EQ(first.size(), 5u);
  EXPECT_EQ(Must(store().LoadInbox(5))[0].text, first[0].text);
  Flush flush;
  for (const InboxJob& job : first) flush.inbox_deletes.push_back(job.id);
  MustCommit(flush);
  const auto rest = Must(store().LoadInbox(100));
  ASSERT_EQ(rest.size(), 15u);
  for (std::size_t i = 0; i < rest.size(); ++i)
    EXPECT_TRUE(rest[i].text.contains("[" + std::to_string(5 + i) + "]")) << rest[i].text;
}

TEST_P(StoreReadingContract, SweepDropsWhatIsOverAndSoMuchAtMost) {
  Flush flush;
  for (std::uint64_t id = 1; id <= 30; ++id) {
    const WallTime expires_at{static_cast<std::int64_t>(id)};
    flush.dead.push_back({.job = JobOf(id), .died_at = {}, .expires_at = expires_at});
    flush.records.push_back({"lock", "k" + std::to_string(id), "", expires_at});
  }
  flush.records.push_back({"lock", "stays", "", std::nullopt});
  MustCommit(flush);
  EXPECT_EQ(Must(store().Sweep(WallTime{20}, 15)), 15u);
  EXPECT_EQ(Must(store().Sweep(WallTime{20}, 15)), 15u);
  EXPECT_EQ(Must(store().Sweep(WallTime{20}, 15)), 10u);
  EXPECT_EQ(Must(store().Sweep(WallTime{20}, 15)), 0u);
  Ids left = Range(21, 30);
  std::ranges::reverse(left);
  std::ranges::sort(left);
  Ids found = IdsIn(Place::kDead);
  std::ranges::sort(found);
  EXPECT_EQ(found, left);
  EXPECT_EQ(Must(store().LoadRecords("lock", "", 100)).size(), 11u);
}

TEST_P(StoreReadingContract, ClearLeavesTheLeaseAndWhatWasConfigured) {
  Flush flush{.ready = {JobOf(1)}};
  flush.later.push_back({.job = JobOf(2)});
  flush.dead.push_back({.job = JobOf(3), .died_at = {}, .expires_at = {}});
  flush.claims = {{JobId(1), "w", WallTime{1}}};
  flush.records = {{"lock", "a", "", {}}, {"cron", "a", "1", {}}, {"queue", "a", "2", {}}};
  for (std::uint64_t id = 10; id < 12'000; ++id) flush.ready.push_back(JobOf(id));
  MustCommit(flush);
  backend().Enqueue(R"({"jobtype":"T","args":[]})");
  Must(store().Clear(epoch()));
  for (const Place place : {Place::kReady, Place::kLater, Place::kDead})
    EXPECT_EQ(Must(store().Count(place)), 0u);
  EXPECT_TRUE(Must(store().LoadClaims(JobId(0), 10)).empty());
  EXPECT_TRUE(Must(store().LoadInbox(10)).empty());
  EXPECT_TRUE(Must(store().LoadRecords("lock", "", 10)).empty());
  EXPECT_EQ(Must(store().LoadRecords("cron", "", 10)).size(), 1u);
  EXPECT_EQ(Must(store().LoadRecords("queue", "", 10)).size(), 1u);
  MustCommit({.ready = {JobOf(1)}});
}

}  // namespace tidemill::jobs::testing
