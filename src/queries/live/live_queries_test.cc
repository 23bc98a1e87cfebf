#include "queries/live/live_queries.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "net/testing/harness.h"
#include "queries/live/changes.h"
#include "queries/live/sqlite_changes.h"
#include "queries/live/testing/bed.h"
#include "sqlite/testing/store_fixture.h"

namespace tidemill::queries::live {
namespace {

using testing::Bed;

constexpr const char* kFile =
    "-- @auth none\n-- @live key=id\n-- @param status text = null\nselect id, status from orders where "
    ":status is null or status = :status order by id desc";

class LiveQueriesTest : public sqlite::testing::StoreTest {
 protected:
  LiveQueriesTest() {
    Must("create table orders (id integer primary key, status text)");
    Must("insert into orders values (1, 'open'), (2, 'paid')");
  }
  static std::string WhyNot(const Followed& followed) { return followed ? "" : followed.error().text; }
};

TEST_F(LiveQueriesTest, TheChannelHasTheResultInItsOrder) {
  Bed bed(loop(), database(), kFile);
  ASSERT_TRUE(bed.Follow());
  EXPECT_EQ(bed.Rows(), R"({"id":2,"status":"paid"} {"id":1,"status":"open"})");
  ASSERT_TRUE(bed.Follow("status=open"));
  EXPECT_EQ(bed.Rows("status=open"), R"({"id":1,"status":"open"})");
  EXPECT_EQ(bed.live().cohorts(), 2u);
  ASSERT_TRUE(bed.Follow());
  EXPECT_EQ(bed.metrics().refreshes.value(), 2u);
}

TEST_F(LiveQueriesTest, AWriteOfOursIsToldByItsTable) {
  Bed bed(loop(), database(), kFile, {.changes = "poll", .poll_interval = Hours(1)});
  ASSERT_TRUE(bed.Follow("status=open"));
  Must("insert into orders values (3, 'open')");
  Must("update orders set status = 'paid' where id = 1");
  bed.live().NoteWrite(std::vector<std::string>{"customers"});
  EXPECT_EQ(bed.metrics().refreshes.value(), 1u);
  bed.live().NoteWrite(std::vector<std::string>{"public.Orders"});
  EXPECT_TRUE(bed.WaitFor(R"({"id":3,"status":"open"})", "status=open"));
  Must("delete from orders");
  bed.live().NoteWrite(std::vector<std::string>{"*"});
  EXPECT_TRUE(bed.WaitFor("", "status=open"));
}

TEST_F(LiveQueriesTest, WhatIsPolledIsAskedAgainAndAgain) {
  Bed bed(loop(), database(), kFile, {.changes = "poll", .poll_interval = Milliseconds(100)});
  ASSERT_TRUE(bed.Follow());
  EXPECT_EQ(bed.metrics().polled.value(), 1);
  Must("delete from orders where id = 2");
  EXPECT_TRUE(bed.WaitFor(R"({"id":1,"status":"open"})"));
}

TEST_F(LiveQueriesTest, DataVersionTellsOfWhatAnybodyWrites) {
  Bed bed(loop(), database(), kFile);
  const auto beside = bench().store->OpenBeside();
  ASSERT_TRUE(beside) << beside.error().detail;
  sqlite::Database reader(loop(), **beside);
  const auto source = MakeSqliteChanges(loop(), reader, bed.live());
  bed.live().SetSource(source.get());
  ASSERT_TRUE(bed.Follow());
  EXPECT_EQ(bed.metrics().polled.value(), 0);
  Must("insert into orders values (3, 'new')");
  EXPECT_TRUE(bed.WaitFor(R"({"id":3,"status":"new"} {"id":2,"status":"paid"} {"id":1,"status":"open"})"));
  Must("delete from orders where id > 1");
  EXPECT_TRUE(bed.WaitFor(R"({"id":1,"status":"open"})"));
}

TEST_F(LiveQueriesTest, LimitsRefuseByTheirNames) {
  Bed bed(loop(), database(), kFile, {.rows_max = 1, .queries_max = 3, .queries_per_user_max = 2});
  EXPECT_TRUE(WhyNot(bed.Follow()).contains("queries.live.rows_max = 1"));
  EXPECT_EQ(bed.live().cohorts(), 0u);
  ASSERT_TRUE(bed.Follow("status=a"));
  ASSERT_TRUE(bed.Follow("status=b"));
  EXPECT_EQ(WhyNot(bed.Follow("status=c")), "queries.live.queries_per_user_max is reached");
  ASSERT_TRUE(bed.Follow("status=a"));
  ASSERT_TRUE(bed.Follow(bed.Call("status=c", "user 2")));
  EXPECT_EQ(WhyNot(bed.Follow(bed.Call("status=d", "user 2"))), "queries.live.queries_max is reached");
  EXPECT_EQ(bed.metrics().refused.value(), 2u);
}

TEST_F(LiveQueriesTest, AKeyThatDoesNotTellRowsApartIsRefused) {
  Bed bed(loop(), database(), "-- @auth none\n-- @live key=what\nselect 'same' as what from orders");
  EXPECT_TRUE(WhyNot(bed.Follow()).contains("two have same"));
  Must("delete from orders where id = 2");
  ASSERT_TRUE(bed.Follow());
  EXPECT_EQ(bed.Rows(), R"({"what":"same"})");
  Must("insert into orders values (5, 'x')");
  bed.live().NoteWrite(std::vector<std::string>{"orders"});
  // Its subscribers come back to an empty channel of another epoch, and are refused.
  EXPECT_TRUE(bed.WaitFor(""));
  EXPECT_EQ(bed.live().cohorts(), 0u);
  EXPECT_EQ(bed.metrics().ended.value(), 2u);
}

TEST_F(LiveQueriesTest, AnotherFileEndsWhatWasFollowed) {
  Bed bed(loop(), database(), kFile);
  ASSERT_TRUE(bed.Follow());
  const FollowCall old = bed.Call();
  bed.ReplaceFile("-- @auth none\n-- @live key=id\nselect id from orders");
  EXPECT_EQ(bed.live().cohorts(), 0u);
  EXPECT_EQ(bed.Rows(), "");
  EXPECT_EQ(WhyNot(bed.Follow(old)), "the file has changed");
  ASSERT_TRUE(bed.Follow());
  EXPECT_EQ(bed.Rows(), R"({"id":1} {"id":2})");
}

TEST_F(LiveQueriesTest, OtherClaimsNeverShareAChannel) {
  Bed bed(loop(), database(), kFile);
  const auto call = [&](std::string scope, std::int64_t issued_at) {
    FollowCall made = bed.Call();
    made.scope = std::move(scope);
    made.issued_at = issued_at;
    return made;
  };
  ASSERT_TRUE(bed.Follow(call("team a", 10)));
  ASSERT_TRUE(bed.Follow(call("team a", 5)));
  const Followed older = bed.Follow(call("team b", 10));
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().why, NotFollowed::Why::kOldToken);
  // The newer token counts.
  ASSERT_TRUE(bed.Follow(call("team b", 11)));
  EXPECT_FALSE(bed.Follow(call("team a", 10)));
  EXPECT_EQ(bed.live().cohorts(), 1u);
}

// Covers everything, and tells of nothing.
class SilentSource final : public ChangeSource {
 public:
  std::string_view method() const override { return "nothing"; }
  Task<Result<Coverage>> Cover(std::vector<std::string> tables, std::optional<KeyColumn>) override {
    co_return Coverage{.covered = true, .why = {}, .tables = std::move(tables), .fingerprint = fingerprint};
  }
  void SetWanted(bool) override {}

  std::string fingerprint = "trigger 1";
};

TEST_F(LiveQueriesTest, WhatWasWrittenWhileATriggerWasReplacedIsAskedFor) {
  ManualClock clock;
  const auto own = net::testing::OpenLoop({.clock = &clock});
  const auto beside = bench().store->OpenBeside();
  ASSERT_TRUE(beside) << beside.error().detail;
  sqlite::Database reader(*own, **beside);
  Bed bed(*own, reader, kFile);
  SilentSource source;
  bed.live().SetSource(&source);
  ASSERT_TRUE(bed.Follow());
  Must("delete from orders where id = 2");
  source.fingerprint = "trigger 2";
  clock.Advance(Seconds(16));
  EXPECT_TRUE(bed.WaitFor(R"({"id":1,"status":"open"})"));
}

TEST_F(LiveQueriesTest, WhoFollowsIsGrantedTheRowsOfItsScopeAlone) {
  Bed bed(loop(), database(), kFile);
  FollowCall call = bed.Call("status=none");
  const Followed first = bed.Follow(call);
  const Followed again = bed.Follow(call);
  ASSERT_TRUE(first && again);
  EXPECT_NE(first->epoch, "");
  EXPECT_EQ(first->epoch, again->epoch);
  call.scope = "elevated";
  call.issued_at = 1;
  const Followed elevated = bed.Follow(call);
  ASSERT_TRUE(elevated);
  EXPECT_NE(elevated->epoch, first->epoch);
}

TEST_F(LiveQueriesTest, TokensThatDisagreeDoNotBeginTheQueryWithoutEnd) {
  Bed bed(loop(), database(), kFile);
  std::int64_t issued_at = 10;
  const auto follow = [&](std::string scope) {
    FollowCall made = bed.Call();
    made.scope = std::move(scope);
    made.issued_at = issued_at++;
    return bed.Follow(std::move(made));
  };
  ASSERT_TRUE(follow("tab a"));
  ASSERT_TRUE(follow("tab b")) << "who signs in anew need not wait";
  const Followed too_soon = follow("tab a");
  ASSERT_FALSE(too_soon);
  EXPECT_EQ(too_soon.error().why, NotFollowed::Why::kAway);
  EXPECT_TRUE(follow("tab b"));
  EXPECT_EQ(bed.metrics().refreshes.value(), 2u);
}

TEST_F(LiveQueriesTest, EndsWhenTheFirstOfItsTokensExpires) {
  Bed bed(loop(), database(), kFile);
  const auto follow = [&](std::int64_t good_until) {
    FollowCall made = bed.Call();
    made.good_until = good_until;
    return bed.Follow(std::move(made)).has_value();
  };
  const std::int64_t now = loop().clock().WallNow().ms / 1000;
  ASSERT_TRUE(follow(0));
  ASSERT_TRUE(follow(now + 3600));
  ASSERT_TRUE(follow(now));
  ASSERT_EQ(bed.live().cohorts(), 1u);
  EXPECT_TRUE(bed.WaitFor(""));
  EXPECT_EQ(bed.live().cohorts(), 0u);
}

TEST_F(LiveQueriesTest, OneThatGrowsOverTheLimitOfBytesEnds) {
  Bed bed(loop(), database(), kFile, {.bytes_max = 3'000});
  ASSERT_TRUE(bed.Follow());
  ASSERT_TRUE(bed.Follow("status=open"));
  Must("update orders set status = printf('%.*c', 2900, 'x') where id = 2");
  bed.live().NoteWrite(std::vector<std::string>{"orders"});
  EXPECT_TRUE(bed.WaitFor(""));
  EXPECT_EQ(bed.live().cohorts(), 1u);
  EXPECT_EQ(bed.Rows("status=open"), R"({"id":1,"status":"open"})");
  EXPECT_EQ(bed.metrics().ended.value(), 1u);
  const Followed again = bed.Follow();
  ASSERT_FALSE(again);
  EXPECT_TRUE(again.error().text.contains("bytes_max")) << again.error().text;
}

TEST_F(LiveQueriesTest, OneRowAndOneValueNeedNoKey) {
  Bed one(loop(), database(), "-- @auth none\n-- @rows one\n-- @live\nselect id from orders order by id");
  ASSERT_TRUE(one.Follow());
  EXPECT_EQ(one.Rows(), R"({"id":1})");
  Bed value(loop(), database(), "-- @auth none\n-- @rows value\n-- @live\nselect count(*) from orders");
  ASSERT_TRUE(value.Follow());
  EXPECT_EQ(value.Rows(), "2");
}

TEST_F(LiveQueriesTest, APageIsWhatGetGives) {
  Bed bed(loop(), database(),
          "-- @auth none\n-- @page limit=1\n-- @live key=id\nselect id from orders order by id desc");
  ASSERT_TRUE(bed.Follow());
  EXPECT_EQ(bed.Rows(), R"({"id":2})");
  ASSERT_TRUE(bed.Follow("limit=5"));
  EXPECT_EQ(bed.Rows("limit=5"), R"({"id":2} {"id":1})");
}

}  // namespace
}  // namespace tidemill::queries::live
