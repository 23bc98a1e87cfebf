#include "queries/live/postgres_changes.h"

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <vector>

#include "postgres/testing/on_loop.h"
#include "postgres/testing/postgres_server.h"
#include "queries/live/schema.h"
#include "queries/live/testing/bed.h"
#include "sql/schema/apply_schema.h"

namespace tidemill::queries::live {
namespace {

using postgres::testing::OnLoop;
using testing::Bed;

constexpr const char* kFile = "-- @auth none\n-- @live key=id\nselect id from orders order by id";

struct Told final : public ChangeEvents {
  void OnChange(std::span<const TableChange>, std::span<const std::string> of) override {
    transactions.insert(transactions.end(), of.begin(), of.end());
  }
  void OnChangeSomewhere() override { ++everything; }
  void OnNotLooking() override {}

  std::vector<std::string> transactions;
  int everything = 0;
};

class PostgresChangesTest : public ::testing::Test {
 protected:
  static postgres::testing::PostgresServer& server() {
    // Its own transactions would count as changes.
    static postgres::testing::PostgresServer there({.lines = {"autovacuum = off"}});
    return there;
  }
  PostgresChangesTest() {
    for (const char* text :
         {"drop schema if exists tidemill cascade", "drop schema public cascade", "create schema public",
          "create table orders (id bigint primary key, status text)", "insert into orders values (1)"}) {
      Run(text);
    }
    const std::vector<sql::Schema> schemas = {LiveSchema()};
    const auto applied = on_.Wait(sql::ApplySchemas(*on_.loop, *on_.database, schemas, {}));
    EXPECT_TRUE(applied) << applied.error().detail;
  }

  sql::Rows Run(std::string text) {
    auto done = on_.Run(std::move(text));
    EXPECT_TRUE(done) << done.error().message;
    return done ? std::move(done->rows) : sql::Rows();
  }
  std::unique_ptr<sql::Transaction> Begin() {
    auto begun = on_.Wait(on_.database->Begin({}));
    EXPECT_TRUE(begun) << begun.error().message;
    return *std::move(begun);
  }
  std::string RunIn(sql::Transaction& transaction, std::string text) {
    const auto done = on_.Wait(transaction.Run({.statement = sql::Statement(std::move(text))}));
    EXPECT_TRUE(done) << done.error().message;
    return done && !done->rows.empty() ? std::string(done->rows[0][0].text) : "";
  }
  void Commit(sql::Transaction& transaction) { EXPECT_TRUE(on_.Wait(transaction.Commit())); }
  static Task<bool> End(sql::Transaction& transaction) {
    co_await transaction.Rollback();
    co_return true;
  }
  std::unique_ptr<ChangeSource> Source(Bed& bed, PostgresTables::Options options = {}) {
    auto source = MakePostgresChanges(*on_.loop, *on_.database, std::move(options), bed.live());
    bed.live().SetSource(source.get());
    return source;
  }
  // Until the follower has looked that often more.
  void Settle() {
    const MonotonicTime until = on_.loop->clock().Now() + Milliseconds(300);
    EXPECT_TRUE(postgres::testing::DriveUntil(*on_.loop, [&] { return on_.loop->clock().Now() > until; }));
  }
  std::string Count() {
    return std::string(Run("select count(*) from tidemill.tidemill_live_notes")[0][0].text);
  }

  OnLoop on_{server().url()};
};

TEST_F(PostgresChangesTest, WhatOthersCommitIsTold) {
  Bed bed(*on_.loop, *on_.database, kFile);
  const auto source = Source(bed);
  ASSERT_TRUE(bed.Follow());
  EXPECT_EQ(bed.metrics().polled.value(), 0);
  EXPECT_EQ(bed.Rows(), R"({"id":1})");
  OnLoop other(server().url());
  ASSERT_TRUE(other.Run("insert into orders values (2), (3)"));
  EXPECT_TRUE(bed.WaitFor(R"({"id":1} {"id":2} {"id":3})"));
  ASSERT_TRUE(other.Run("update orders set id = 20 where id = 2"));
  EXPECT_TRUE(bed.WaitFor(R"({"id":1} {"id":3} {"id":20})"));
  ASSERT_TRUE(other.Run("truncate orders"));
  EXPECT_TRUE(bed.WaitFor(""));
}

TEST_F(PostgresChangesTest, ATransactionThatCommitsLateIsFound) {
  Bed bed(*on_.loop, *on_.database, kFile);
  const auto source = Source(bed);
  ASSERT_TRUE(bed.Follow());
  Settle();
  const auto early = Begin();
  RunIn(*early, "insert into orders values (2)");
  Run("insert into orders values (3)");  // begun later, committed before
  EXPECT_TRUE(bed.WaitFor(R"({"id":1} {"id":3})"));
  Settle();
  Commit(*early);
  EXPECT_TRUE(bed.WaitFor(R"({"id":1} {"id":2} {"id":3})"));
}

// Its trigger has found nobody who follows, so it is not in the table.
TEST_F(PostgresChangesTest, ATransactionThatRanBeforeAnybodyFollowedIsFound) {
  {
    Bed first(*on_.loop, *on_.database, kFile);  // makes the trigger
    const auto source = Source(first);
    ASSERT_TRUE(first.Follow());
    Settle();
  }
  Run("select setval('tidemill.tidemill_live_until', 0)");
  const auto early = Begin();
  RunIn(*early, "insert into orders values (2)");
  Bed bed(*on_.loop, *on_.database, kFile);
  const auto source = Source(bed);
  ASSERT_TRUE(bed.Follow());
  Settle();
  EXPECT_EQ(bed.Rows(), R"({"id":1})");
  Commit(*early);
  EXPECT_EQ(Count(), "0");
  EXPECT_TRUE(bed.WaitFor(R"({"id":1} {"id":2})"));
}

TEST_F(PostgresChangesTest, WhatIsRolledBackIsNotToldAndASavepointCountsAlone) {
  Told told;
  const auto alone = MakePostgresChanges(*on_.loop, *on_.database, {}, told);
  alone->SetWanted(true);
  ASSERT_TRUE(on_.Wait(alone->Cover({"public.orders"}, std::nullopt)));
  ASSERT_TRUE(postgres::testing::DriveUntil(*on_.loop, [&] { return told.everything == 1; }));
  const auto undone = Begin();
  RunIn(*undone, "insert into orders values (2)");
  on_.Wait(End(*undone));
  const auto done = Begin();
  RunIn(*done, "delete from orders where id = 7");
  const std::string number = RunIn(*done, "select pg_current_xact_id()");
  Commit(*done);
  ASSERT_TRUE(postgres::testing::DriveUntil(*on_.loop, [&] { return !told.transactions.empty(); }));
  EXPECT_EQ(told.transactions, (std::vector<std::string>{number}));
  EXPECT_EQ(told.everything, 1);

  Bed bed(*on_.loop, *on_.database, kFile);
  const auto source = Source(bed);
  ASSERT_TRUE(bed.Follow());
  Run("do $$ begin begin insert into orders values (2); raise exception 'no'; "
      "exception when others then null; end; insert into orders values (3); end $$");
  EXPECT_TRUE(bed.WaitFor(R"({"id":1} {"id":3})"));
}

// What a source that hears of commits early (replication) would do: the refresh waits until it sees it.
TEST_F(PostgresChangesTest, ARefreshSeesTheTransactionThatItIsFor) {
  Bed bed(*on_.loop, *on_.database, kFile, {.changes = "poll", .poll_interval = Hours(1)});
  ASSERT_TRUE(bed.Follow());
  const auto late = Begin();
  RunIn(*late, "insert into orders values (2)");
  const std::vector<std::string> transaction = {RunIn(*late, "select pg_current_xact_id()")};
  bed.live().OnChange(std::vector<TableChange>{{.table = "public.orders", .columns = {}}}, transaction);
  ASSERT_TRUE(
      postgres::testing::DriveUntil(*on_.loop, [&] { return bed.metrics().not_visible.value() >= 3; }));
  Commit(*late);
  EXPECT_TRUE(bed.WaitFor(R"({"id":1} {"id":2})"));
}

// The race itself: without the check the change is lost, as nobody tells of it again.
TEST_F(PostgresChangesTest, WithoutTheCheckTheChangeIsLost) {
  Bed bed(*on_.loop, *on_.database, kFile,
          {.changes = "poll", .check_visibility = false, .poll_interval = Hours(1)});
  ASSERT_TRUE(bed.Follow());
  const auto late = Begin();
  RunIn(*late, "insert into orders values (2)");
  const std::vector<std::string> transaction = {RunIn(*late, "select pg_current_xact_id()")};
  bed.live().OnChange(std::vector<TableChange>{{.table = "public.orders", .columns = {}}}, transaction);
  ASSERT_TRUE(
      postgres::testing::DriveUntil(*on_.loop, [&] { return bed.metrics().seconds.Read().count == 2; }));
  Commit(*late);
  EXPECT_EQ(bed.metrics().refreshes.value(), 2u);
  EXPECT_EQ(bed.Rows(), R"({"id":1})");
}

// Without rights on our tables, say: what cannot be followed is asked for all the same.
TEST_F(PostgresChangesTest, WhileItCannotLookItTellsOfEverything) {
  Bed bed(*on_.loop, *on_.database, kFile);
  const auto source = Source(bed);
  ASSERT_TRUE(bed.Follow());
  Settle();
  Run("alter table tidemill.tidemill_live_notes rename to gone");
  Run("alter sequence tidemill.tidemill_live_until rename to gone_too");
  Run("drop trigger tidemill_live on orders");
  Run("insert into orders values (2)");
  EXPECT_TRUE(bed.WaitFor(R"({"id":1} {"id":2})"));
  Run("insert into orders values (3)");
  EXPECT_TRUE(bed.WaitFor(R"({"id":1} {"id":2} {"id":3})"));
}

// What it has noted is lost with a crash, while looks may go on as if nothing had been.
TEST_F(PostgresChangesTest, AfterACrashEverythingIsTold) {
  Bed bed(*on_.loop, *on_.database, kFile);
  const auto source = Source(bed);
  ASSERT_TRUE(bed.Follow());
  Settle();
  const auto writer = Begin();
  RunIn(*writer, "insert into orders values (2)");
  RunIn(*writer, "truncate tidemill.tidemill_live_notes, tidemill.tidemill_live_mark");
  Commit(*writer);
  EXPECT_TRUE(bed.WaitFor(R"({"id":1} {"id":2})"));
}

TEST_F(PostgresChangesTest, WhatHasNoTriggerIsPolled) {
  Run("create materialized view sums as select 1 as id");
  Bed bed(*on_.loop, *on_.database, "-- @auth none\n-- @live key=id\nselect id from sums");
  const auto source = Source(bed);
  ASSERT_TRUE(bed.Follow());
  EXPECT_EQ(bed.metrics().polled.value(), 1);
  Bed forced(*on_.loop, *on_.database, kFile, {.changes = "triggers"});
  const auto bare = Source(forced, {.create_triggers = false});
  const Followed refused = forced.Follow();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text,
            "public.orders has no trigger of ours, and queries.live.create_triggers is false");
}

TEST_F(PostgresChangesTest, PartitionsAndTablesOfPoliciesAreFollowed) {
  for (const char* text : {"create table parts (id bigint) partition by range (id)",
                           "create table part_a partition of parts for values from (0) to (100)",
                           "create table members (id bigint)", "alter table parts enable row level security",
                           "create policy own on parts using (id in (select id from members))"}) {
    Run(text);
  }
  const PostgresTables::Options options;
  PostgresTables tables(*on_.loop, *on_.database, options);
  const auto coverage = on_.Wait(tables.Cover({"public.parts"}));
  ASSERT_TRUE(coverage) << coverage.error().detail;
  EXPECT_TRUE(coverage->covered) << coverage->why;
  EXPECT_EQ(coverage->tables, (std::vector<std::string>{"public.members", "public.part_a", "public.parts"}));
}

// Each may have hidden a write from us, although the trigger is there again.
TEST_F(PostgresChangesTest, WhatIsReplacedOrAlteredHasAnotherFingerprint) {
  for (const char* text : {"create table orders_new (id bigint primary key, status text)",
                           "create view open as select id from orders where status = 'open'",
                           "alter table orders enable row level security",
                           "create policy own on orders using (status = 'open')"}) {
    Run(text);
  }
  const PostgresTables::Options options;
  PostgresTables tables(*on_.loop, *on_.database, options);
  const auto cover = [&] {
    auto coverage = on_.Wait(tables.Cover({"public.open", "public.orders"}));
    EXPECT_TRUE(coverage && coverage->covered);
    return *std::move(coverage);
  };
  Coverage before = cover();
  EXPECT_EQ(cover(), before);
  Run("insert into orders values (2, 'open')");
  Run("vacuum analyze orders");
  EXPECT_EQ(cover(), before);
  for (const char* text : {"drop trigger tidemill_live on orders",
                           "alter table orders disable trigger tidemill_live; "
                           "alter table orders enable always trigger tidemill_live",
                           "create or replace view open as select id from orders where status = 'new'",
                           "alter policy own on orders using (true)",
                           "alter table orders rename to old; alter table orders_new rename to orders"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(server().Run(text), "");
    const Coverage after = cover();
    EXPECT_NE(after.fingerprint, before.fingerprint);
    before = after;
    EXPECT_EQ(cover(), before);
  }
}

TEST_F(PostgresChangesTest, WhatLogicalReplicationWritesIsPolled) {
  for (const char* text : {"create table parts (id bigint) partition by range (id)",
                           "create table part_a partition of parts for values from (0) to (100)",
                           "create subscription others connection 'dbname=nowhere' publication none "
                           "with (connect = false)",
                           "insert into pg_catalog.pg_subscription_rel (srsubid, srrelid, srsubstate) "
                           "select oid, 'public.parts'::regclass, 'r' from pg_catalog.pg_subscription"}) {
    Run(text);
  }
  const PostgresTables::Options options;
  PostgresTables tables(*on_.loop, *on_.database, options);
  for (const char* table : {"public.parts", "public.part_a"}) {
    const auto coverage = on_.Wait(tables.Cover({table}));
    ASSERT_TRUE(coverage) << coverage.error().detail;
    EXPECT_FALSE(coverage->covered);
    EXPECT_EQ(coverage->why, "logical replication writes into public.parts");
  }
  Run("delete from pg_catalog.pg_subscription_rel");
  Run("alter subscription others set (slot_name = none)");
  Run("drop subscription others");
}

TEST_F(PostgresChangesTest, ATriggerThatReplicasDoNotFireIsSaid) {
  const PostgresTables::Options options;
  PostgresTables tables(*on_.loop, *on_.database, options);
  auto coverage = on_.Wait(tables.Cover({"public.orders"}));
  ASSERT_TRUE(coverage && coverage->covered);
  EXPECT_EQ(coverage->why, "");
  Run("alter table orders enable trigger tidemill_live");
  coverage = on_.Wait(tables.Cover({"public.orders"}));
  ASSERT_TRUE(coverage && coverage->covered);
  EXPECT_TRUE(coverage->why.contains("session_replication_role")) << coverage->why;
}

// Whoever writes queues up behind one who waits for the table.
TEST_F(PostgresChangesTest, ATriggerThatCannotBeMadeIsNotTriedAgainAtOnce) {
  const auto writer = Begin();
  RunIn(*writer, "insert into orders values (2)");
  const PostgresTables::Options options{.retry_pause = Hours(1)};
  PostgresTables tables(*on_.loop, *on_.database, options);
  const auto covered = [&](PostgresTables& by) {
    const auto coverage = on_.Wait(by.Cover({"public.orders"}));
    EXPECT_TRUE(coverage) << coverage.error().detail;
    return coverage && coverage->covered;
  };
  EXPECT_FALSE(covered(tables));
  Commit(*writer);
  EXPECT_FALSE(covered(tables));
  const PostgresTables::Options soon{.retry_pause = Milliseconds(0)};
  PostgresTables others(*on_.loop, *on_.database, soon);
  EXPECT_TRUE(covered(others));
  EXPECT_TRUE(covered(tables));
}

TEST_F(PostgresChangesTest, ATriggerOfOurNameThatIsAnothersIsLeftAlone) {
  Run("create function other() returns trigger language plpgsql as 'begin return null; end'");
  Run("create trigger tidemill_live after insert on orders for each statement execute function other()");
  const PostgresTables::Options options;
  PostgresTables tables(*on_.loop, *on_.database, options);
  const auto coverage = on_.Wait(tables.Cover({"public.orders"}));
  ASSERT_TRUE(coverage) << coverage.error().detail;
  EXPECT_FALSE(coverage->covered);
  EXPECT_EQ(coverage->why,
            "public.orders has no trigger of ours, and one of its name is another's, or disabled");
}

// However long a transaction runs that was there before.
TEST_F(PostgresChangesTest, ALookReadsOnlyWhatIsNew) {
  const auto idle = Begin();
  RunIn(*idle, "select pg_current_xact_id()");
  Bed bed(*on_.loop, *on_.database, kFile);
  const auto source = Source(bed);
  ASSERT_TRUE(bed.Follow());
  Run("insert into tidemill.tidemill_live_notes "
      "select pg_current_xact_id(), 'public.other' || i from generate_series(1, 5000) as i");
  struct Reads {
    std::int64_t scans = 0;
    std::int64_t rows = 0;
  };
  const auto reads = [&] {
    const sql::Rows found =
        Run("select t.seq_scan + t.idx_scan, t.seq_tup_read + i.idx_tup_read from pg_stat_user_tables t "
            "join pg_stat_user_indexes i using (relid) where t.relname = 'tidemill_live_notes'");
    return Reads{.scans = *found[0][0].AsInteger(), .rows = *found[0][1].AsInteger()};
  };
  // Each connection counts what it has read a second later. The looks during the insert read it too.
  const auto until_scans = [&](std::int64_t scans) {
    return postgres::testing::DriveUntil(*on_.loop, [&] { return reads().scans >= scans; });
  };
  ASSERT_TRUE(until_scans(reads().scans + 60));
  const Reads before = reads();
  ASSERT_GE(before.rows, 5000);
  ASSERT_TRUE(until_scans(before.scans + 60));
  EXPECT_LE(reads().rows - before.rows, 100'000);  // and not 5,000 each time
  on_.Wait(End(*idle));
}

TEST_F(PostgresChangesTest, FunctionsAndTheTimeBehindViewsAndPoliciesArePolled) {
  for (const char* text :
       {"create function state(bigint) returns text stable language sql as 'select status from orders'",
        "create view states as select id, state(id) from orders",
        "create view recent as select id from orders where id > extract(epoch from now())",
        "create view over_recent as select id from recent", "create view plain as select id from orders",
        "create table notes (id bigint, until date)", "alter table notes enable row level security",
        "create policy own on notes using (until > current_date)",
        "create policy adding on notes for insert with check (true)"}) {
    Run(text);
  }
  const PostgresTables::Options options;
  PostgresTables tables(*on_.loop, *on_.database, options);
  struct Case {
    const char* name;
    const char* why;
  };
  const Case cases[] = {
      {"public.states", "the view public.states calls functions, which may read other tables"},
      {"public.recent", "the view public.recent changes without a write, by now"},
      {"public.over_recent", "the view public.recent changes without a write, by now"},
      {"public.notes", "a policy of public.notes changes without a write, by current_date"},
      {"public.plain", ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto coverage = on_.Wait(tables.Cover({c.name}));
    ASSERT_TRUE(coverage) << coverage.error().detail;
    EXPECT_EQ(coverage->covered, *c.why == '\0');
    EXPECT_EQ(coverage->why, c.why);
  }
}

// The trigger of the table that the statement names fires, and no other one.
TEST_F(PostgresChangesTest, WhatIsWrittenThroughTheParentIsTold) {
  for (const char* text : {"create table parts (id bigint) partition by range (id)",
                           "create table part_a partition of parts for values from (0) to (100)",
                           "create table part_b partition of parts for values from (100) to (200)"}) {
    Run(text);
  }
  Bed bed(*on_.loop, *on_.database, "-- @auth none\n-- @live key=id\nselect id from part_a order by id");
  const auto source = Source(bed);
  ASSERT_TRUE(bed.Follow());
  EXPECT_EQ(bed.metrics().polled.value(), 0);
  Settle();
  Run("insert into parts values (1), (101)");
  EXPECT_TRUE(bed.WaitFor(R"({"id":1})"));
}

}  // namespace
}  // namespace tidemill::queries::live
