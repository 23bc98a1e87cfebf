#include "jobs/store/testing/store_contract.h"

#include "net/sleep.h"
#include "net/testing/harness.h"

namespace tidemill::jobs::testing {

using Ids = std::vector<std::uint64_t>;

std::string StoreContract::Name(const ::testing::TestParamInfo<StoreParam>& info) { return info.param.name; }

StoreContract::StoreContract()
    : loop_(net::testing::OpenLoop()), backend_(GetParam().make(*loop_)), store_(backend_->Open()) {
  epoch_ = Must(store_->Acquire({.node = "n1", .address = "10.0.0.1:7419"})).epoch;
}

StoreContract::~StoreContract() {
  store_.reset();
  net::testing::RunTurns(*loop_);
  backend_.reset();
  net::testing::RunTurns(*loop_);
}

Result<> StoreContract::Commit(Flush flush) {
  flush.epoch = epoch_;
  flush.number = number_ + 1;
  auto done = Await(store_->Commit(std::make_shared<const Flush>(std::move(flush))));
  if (done) ++number_;
  return done;
}

void StoreContract::MustCommit(Flush flush) {
  const auto done = Commit(std::move(flush));
  EXPECT_TRUE(done) << done.error().detail;
}

StoredJob StoreContract::JobOf(std::uint64_t id) {
  const std::string number = std::to_string(id);
  return {.id = JobId(id),
          .jid = "job-" + number,
          .queue = "q" + std::to_string(id % 10),
          .type = "T" + std::to_string(id % 7),
          .priority = static_cast<int>(1 + id % 9),
          .text = R"({"jid":"job-)" + number + R"(","args":["\"\\ {},'ü🌊\u0000",)" + number + "]}"};
}

std::vector<std::uint64_t> StoreContract::IdsIn(Place place, JobFilter filter, std::size_t count) {
  Ids ids;
  PageRequest request{.place = place, .filter = std::move(filter), .count = count};
  do {
    const JobPage page = Must(store_->List(request));
    EXPECT_LE(page.items.size(), count);
    for (const JobPage::Item& item : page.items) ids.push_back(item.job.id.value());
    request.cursor = page.next;
  } while (!request.cursor.empty() && !::testing::Test::HasFailure());
  return ids;
}

// --- What a flush does

TEST_P(StoreContract, AFlushPutsJobsInTheirPlacesAndAnotherMovesThem) {
  Flush push;
  for (std::uint64_t id = 1; id <= 6; ++id) push.ready.push_back(JobOf(id));
  MustCommit(push);
  Flush move{.ready_deletes = {JobId(1), JobId(2), JobId(3), JobId(4)}};
  move.later.push_back({.job = JobOf(2), .wait = Wait::kRetry, .run_at = WallTime{5000}});
  move.dead.push_back({.job = JobOf(3), .died_at = WallTime{70}, .expires_at = WallTime{90}});
  move.ready.push_back(JobOf(4));  // deleted first, then inserted
  move.ready.back().text = "{}";
  MustCommit(move);

  const auto ready = Must(store().LoadReady(JobId(0), 100, 1 << 20));
  ASSERT_EQ(ready.size(), 3u);
  EXPECT_EQ(ready[0].text, "{}");
  EXPECT_EQ(ready[1], JobOf(5));
  EXPECT_EQ(ready[2], JobOf(6));
  const auto later = Must(store().Load(Place::kLater, {JobId(2)}));
  ASSERT_EQ(later.size(), 1u);
  EXPECT_EQ(later[0].job, JobOf(2));
  EXPECT_EQ(later[0].wait, Wait::kRetry);
  EXPECT_EQ(later[0].at.ms, 5000);
  const auto dead = Must(store().Load(Place::kDead, {JobId(3)}));
  ASSERT_EQ(dead.size(), 1u);
  EXPECT_EQ(dead[0].job, JobOf(3));
  EXPECT_EQ(dead[0].at.ms, 70);
}

TEST_P(StoreContract, DeletesOfWhatIsNotThereDoNothing) {
  MustCommit({.ready_deletes = {JobId(7)},
              .later_deletes = {JobId(7)},
              .dead_deletes = {JobId(7)},
              .claim_deletes = {JobId(7)},
              .record_deletes = {{"lock", "x"}},
              .inbox_deletes = {7}});
  MustCommit({});
}

TEST_P(StoreContract, ClaimsAndRecordsAreReplaced) {
  Flush first;
  first.claims = {{JobId(1), "w1", WallTime{10}}, {JobId(2), "w1", WallTime{20}}};
  first.records = {
      {"lock", "a", "1", WallTime{100}}, {"lock", "b", "2", std::nullopt}, {"batch", "a", "3", {}}};
  MustCommit(first);
  Flush second{.claim_deletes = {JobId(2)}, .record_deletes = {{"batch", "a"}}};
  second.claims = {{JobId(1), "w2", WallTime{30}}};
  second.records = {{"lock", "a", "new", std::nullopt}, {"lock", "c", "", WallTime{7}}};
  MustCommit(second);

  EXPECT_EQ(Must(store().LoadClaims(JobId(0), 100)), (std::vector<Claim>{{JobId(1), "w2", WallTime{30}}}));
  const std::vector<Record> records = {
      {"lock", "a", "new", std::nullopt}, {"lock", "b", "2", std::nullopt}, {"lock", "c", "", WallTime{7}}};
  EXPECT_EQ(Must(store().LoadRecords("lock", "", 100)), records);
  EXPECT_TRUE(Must(store().LoadRecords("batch", "", 100)).empty());
  EXPECT_EQ(Must(store().FindRecord({"lock", "b"})), records[1]);
  EXPECT_EQ(Must(store().FindRecord({"lock", "d"})), std::nullopt);
  EXPECT_EQ(Must(store().FindRecord({"loc", "b"})), std::nullopt);
}

TEST_P(StoreContract, AFlushOfAnEarlierEpochChangesNothing) {
  MustCommit({.ready = {JobOf(1)}});
  const auto other = backend().Open();
  if (backend().is_shared()) {
    EXPECT_EQ(Await(other->Acquire({.node = "n2"})).error().code, Errc::kPermissionDenied);
    Must(store().Release({.node = "n1"}));
  }
  const Lease lease = Must(other->Acquire({.node = "n2", .address = "10.0.0.2:7419"}));
  EXPECT_GT(lease.epoch, epoch());
  EXPECT_EQ(lease.flush, 0u);

  Flush late{.ready_deletes = {JobId(1)}, .ready = {JobOf(2)}};
  late.records = {{"lock", "a", "1", std::nullopt}};
  EXPECT_EQ(Commit(late).error().code, Errc::kPermissionDenied);
  EXPECT_EQ(Await(store().Clear(epoch())).error().code, Errc::kPermissionDenied);
  EXPECT_EQ(Await(store().Acquire({.node = "n1"})).error().code, Errc::kPermissionDenied);
  EXPECT_EQ(IdsIn(Place::kReady), Ids{1});
  EXPECT_TRUE(Must(store().LoadRecords("lock", "", 10)).empty());
  const auto owner = Must(store().FindOwner());
  ASSERT_TRUE(owner);
  EXPECT_EQ(owner->node, "n2");
  EXPECT_EQ(owner->address, "10.0.0.2:7419");
  EXPECT_EQ(owner->epoch, lease.epoch);

  Flush flush{.epoch = lease.epoch, .number = 1, .ready = {JobOf(3)}};
  Must(other->Commit(std::make_shared<const Flush>(flush)));
  EXPECT_EQ(IdsIn(Place::kReady), (Ids{1, 3}));
}

TEST_P(StoreContract, AnotherNodeTakesOverWhenALeaseHasRunOut) {
  Must(store().Acquire({.node = "n1", .ttl = Milliseconds(80)}));
  const auto other = backend().Open();
  if (backend().is_shared()) EXPECT_FALSE(Await(other->Acquire({.node = "n2"})));
  Await(([](net::Loop& on) -> Task<bool> {
    co_await net::Sleep(on, Milliseconds(120));
    co_return true;
  })(loop()));
  EXPECT_EQ(Must(store().FindOwner()), std::nullopt);
  EXPECT_GT(Must(other->Acquire({.node = "n2"})).epoch, epoch());
  EXPECT_EQ(Commit({.ready = {JobOf(1)}}).error().code, Errc::kPermissionDenied);
}

TEST_P(StoreContract, ALeaseThatRanOutGoesOnInItsEpochWhenNobodyTookIt) {
  Must(store().Acquire({.node = "n1", .ttl = Milliseconds(20)}));
  Await(([](net::Loop& on) -> Task<bool> {
    co_await net::Sleep(on, Milliseconds(50));
    co_return true;
  })(loop()));
  MustCommit({.ready = {JobOf(1)}});
  const Lease lease = Must(store().Acquire({.node = "n1"}));
  EXPECT_EQ(lease.epoch, epoch());
  EXPECT_EQ(lease.flush, 1u);
}

TEST_P(StoreContract, ANodeThatStartsAgainTakesOverAtOnce) {
  MustCommit({.ready = {JobOf(1)}});
  const auto again = backend().Open();
  const Lease lease = Must(again->Acquire({.node = "n1"}));
  EXPECT_EQ(lease.epoch, epoch() + 1);
  EXPECT_EQ(Commit({.ready = {JobOf(2)}}).error().code, Errc::kPermissionDenied);
}

TEST_P(StoreContract, AFailedFlushLeavesNothingOfItselfAndItsNumberIsUsedAgain) {
  MustCommit({.ready = {JobOf(1)}});
  StoredJob no_text = JobOf(3);
  no_text.text = "\xff";
  EXPECT_EQ(Commit({.ready_deletes = {JobId(1)}, .ready = {JobOf(2), no_text}}).error().code,
            Errc::kInvalidArgument);
  no_text.text = std::string("a\0b", 3);
  EXPECT_EQ(Commit({.ready = {JobOf(2), no_text}}).error().code, Errc::kInvalidArgument);
  EXPECT_EQ(Commit({.ready_deletes = {JobId(7)}, .ready = {JobOf(2), JobOf(1)}}).error().code,
            Errc::kInternal);
  EXPECT_EQ(IdsIn(Place::kReady), Ids{1});
  MustCommit({.ready = {JobOf(2)}});
}

TEST_P(StoreContract, AFlushWithAnotherNumberThanTheNextChangesNothing) {
  MustCommit({.ready = {JobOf(1)}});
  for (const std::uint64_t number : Ids{1, 3}) {
    const Flush flush{.epoch = epoch(), .number = number, .ready = {JobOf(2)}};
    EXPECT_FALSE(Await(store().Commit(std::make_shared<const Flush>(flush))));
  }
  EXPECT_EQ(IdsIn(Place::kReady), Ids{1});
}

TEST_P(StoreContract, ACommitGoesOnWhenNobodyWaitsForIt) {
  const Flush flush{.epoch = epoch(), .number = 1, .ready = {JobOf(1)}};
  {
    TaskScope scope;
    std::optional<Result<>> result;
    scope.Spawn(net::testing::Keep(store().Commit(std::make_shared<const Flush>(flush)), result));
  }
  EXPECT_TRUE(net::testing::DriveUntil(loop(), [this] { return Must(store().Count(Place::kReady)) == 1; }));
}

TEST_P(StoreContract, TextsComeBackByteForByte) {
  Flush flush;
  const std::string texts[] = {"",
                               "NULL",
                               "null",
                               "\"",
                               "\\",
                               "{}",
                               "{,}",
                               "\\\"",
                               "'; drop table x; --",
                               " a\tb\r\n",
                               "\x01\x7f",
                               "ü🌊\xEF\xBF\xBF",
                               "\xE2\x80\xA8",
                               std::string(1 << 20, 'x'),
                               std::string(1 << 20, '"')};
  std::uint64_t id = 0;
  for (const std::string& text : texts) {
    StoredJob job = JobOf(++id);
    job.text = text;
    flush.ready.push_back(job);
    flush.later.push_back({.job = job, .run_at = WallTime{1}});
    flush.records.push_back({"k", "key " + text.substr(0, 100), text, std::nullopt});
  }
  MustCommit(flush);
  EXPECT_TRUE(Must(store().LoadReady(JobId(0), 100, 100 << 20)) == flush.ready);
  std::vector<JobId> ids;
  for (const StoredJob& job : flush.ready) ids.push_back(job.id);
  auto later = Must(store().Load(Place::kLater, ids));
  ASSERT_EQ(later.size(), std::size(texts));
  for (std::size_t i = 0; i < later.size(); ++i) EXPECT_TRUE(later[i].job == flush.ready[i]) << i;
  for (const Record& record : flush.records)
    EXPECT_TRUE(Must(store().FindRecord({record.kind, record.key})) == record) << record.key.substr(0, 20);
  Flush deletes;
  for (const Record& record : flush.records) deletes.record_deletes.push_back({record.kind, record.key});
  MustCommit(deletes);
  EXPECT_TRUE(Must(store().LoadRecords("k", "", 100)).empty());
}

TEST_P(StoreContract, WhatReadersSeeOfAFlushIsAllOrNothing) {
  // Each flush moves all jobs from one place to the other.
  Flush first;
  for (std::uint64_t id = 1; id <= 50; ++id) first.ready.push_back(JobOf(id));
  MustCommit(first);
  TaskScope scope;
  std::optional<Result<>> done;
  for (int round = 0; round < 20; ++round) {
    Flush flush{.epoch = epoch(), .number = last_number() + 1 + static_cast<std::uint64_t>(round)};
    for (std::uint64_t id = 1; id <= 50; ++id) {
      if (round % 2 == 0) {
        flush.ready_deletes.emplace_back(id);
        flush.later.push_back({.job = JobOf(id), .run_at = WallTime{1}});
      } else {
        flush.later_deletes.emplace_back(id);
        flush.ready.push_back(JobOf(id));
      }
    }
    done.reset();
    scope.Spawn(net::testing::Keep(store().Commit(std::make_shared<const Flush>(flush)), done));
    while (!done) {
      const std::uint64_t ready = Must(store().Count(Place::kReady));
      EXPECT_TRUE(ready == 0 || ready == 50) << ready;
      const auto page = Must(store().List({.place = Place::kLater}));
      EXPECT_TRUE(page.items.empty() || page.items.size() == 50) << page.items.size();
    }
    EXPECT_TRUE(*done) << done->error().detail;
  }
}

}  // namespace tidemill::jobs::testing
