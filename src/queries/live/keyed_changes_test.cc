// Which cohorts are asked anew after which writes, on PostgreSQL with triggers that tell values.
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "postgres/testing/on_loop.h"
#include "postgres/testing/postgres_server.h"
#include "queries/live/postgres_changes.h"
#include "queries/live/schema.h"
#include "queries/live/testing/bed.h"
#include "sql/schema/apply_schema.h"
#include "sql/schema/schema.h"

namespace tidemill::queries::live {
namespace {

using postgres::testing::OnLoop;
using testing::Bed;

constexpr const char* kFile =
    "-- @auth none\n-- @live key=id min=10ms\nselect id, total from orders where customer = :customer order "
    "by id";

class KeyedChangesTest : public ::testing::Test {
 protected:
  static postgres::testing::PostgresServer& server() {
    static postgres::testing::PostgresServer there({.lines = {"autovacuum = off"}});
    return there;
  }
  KeyedChangesTest() {
    for (const char* text :
         {"drop schema if exists tidemill cascade", "drop schema public cascade", "create schema public",
          "create table orders (id bigint primary key, customer int, total int not null default 0)",
          "insert into orders values (1, 1), (2, 2), (3, null)"}) {
      Run(text);
    }
    const std::vector<sql::Schema> schemas = {LiveSchema()};
    EXPECT_TRUE(on_.Wait(sql::ApplySchemas(*on_.loop, *on_.database, schemas, {})));
  }
  void Run(std::string text) {
    const auto done = on_.Run(std::move(text));
    EXPECT_TRUE(done) << done.error().message;
  }
  // The statements of one transaction, by psql.
  static void RunTogether(const std::string& text) {
    EXPECT_EQ(server().Run("set client_min_messages = warning; " + text), "");
  }

  std::unique_ptr<Bed> Begin(std::string text = kFile) {
    auto bed = std::make_unique<Bed>(*on_.loop, *on_.database, std::move(text));
    source_ = MakePostgresChanges(*on_.loop, *on_.database, {}, bed->live());
    bed->live().SetSource(source_.get());
    return bed;
  }
  // Until nothing has been asked for a while.
  void Settle(Bed& bed) {
    std::uint64_t seen = bed.metrics().refreshes.value();
    MonotonicTime since = on_.loop->clock().Now();
    EXPECT_TRUE(postgres::testing::DriveUntil(*on_.loop, [&] {
      const MonotonicTime now = on_.loop->clock().Now();
      if (std::exchange(seen, bed.metrics().refreshes.value()) != seen) since = now;
      return now - since > Milliseconds(300);
    }));
  }
  // How many refreshes come of it.
  std::uint64_t RefreshesOf(Bed& bed, const std::string& write) {
    Settle(bed);
    const std::uint64_t before = bed.metrics().refreshes.value();
    RunTogether(write);
    Settle(bed);
    return bed.metrics().refreshes.value() - before;
  }

  OnLoop on_{server().url()};
  std::unique_ptr<ChangeSource> source_;
};

TEST_F(KeyedChangesTest, OnlyCohortsWhoseValuesWereTouchedAreAskedAnew) {
  const auto bed = Begin();
  for (const char* customer : {"customer=1", "customer=2", "customer=3", "customer=4"}) {
    ASSERT_TRUE(bed->Follow(customer));
  }
  EXPECT_EQ(RefreshesOf(*bed, "insert into orders values (10, 1)"), 1u);
  EXPECT_EQ(bed->Rows("customer=1"), R"({"id":1,"total":0} {"id":10,"total":0})");
  // A row that moves is told of where it was, and where it is.
  EXPECT_EQ(RefreshesOf(*bed, "update orders set customer = 3 where id = 10"), 2u);
  EXPECT_EQ(bed->Rows("customer=1"), R"({"id":1,"total":0})");
  EXPECT_EQ(bed->Rows("customer=3"), R"({"id":10,"total":0})");
  EXPECT_EQ(RefreshesOf(*bed, "delete from orders where id = 10"), 1u);
  EXPECT_EQ(RefreshesOf(*bed, "update orders set customer = null where id = 2"), 1u);
  EXPECT_EQ(bed->Rows("customer=2"), "");
  EXPECT_EQ(RefreshesOf(*bed, "update orders set customer = 2 where id = 2"), 1u);
  EXPECT_EQ(RefreshesOf(*bed, "update orders set total = 9 where id = 3"), 0u) << "of nobody's customer";
  EXPECT_EQ(RefreshesOf(*bed, "update orders set total = 9 where id = 77"), 0u) << "no row at all";
  EXPECT_EQ(RefreshesOf(*bed, "insert into orders values (1, 4) on conflict (id) do update set total = 5"),
            1u);
  EXPECT_EQ(bed->Rows("customer=1"), R"({"id":1,"total":5})");
  EXPECT_EQ(RefreshesOf(*bed, "truncate orders"), 4u);
  EXPECT_EQ(bed->Rows("customer=1"), "");
}

TEST_F(KeyedChangesTest, WhatOneTransactionDoesIsToldTogether) {
  const auto bed = Begin();
  for (const char* customer : {"customer=1", "customer=2", "customer=3"}) ASSERT_TRUE(bed->Follow(customer));
  EXPECT_EQ(RefreshesOf(*bed,
                        "begin; update orders set total = 3 where id = 1; savepoint a; "
                        "update orders set total = 3 where id = 2; rollback to a; commit"),
            1u);
  EXPECT_EQ(bed->Rows("customer=1"), R"({"id":1,"total":3})");
  EXPECT_EQ(RefreshesOf(*bed, "begin; update orders set total = 4; rollback"), 0u);
  EXPECT_EQ(RefreshesOf(*bed, "begin; update orders set total = 4 where id = 1; truncate orders; commit"),
            3u);
}

TEST_F(KeyedChangesTest, VeryManyRowsOrValuesTouchAll) {
  const auto bed = Begin();
  ASSERT_TRUE(bed->Follow("customer=1"));
  ASSERT_TRUE(bed->Follow("customer=100000"));
  EXPECT_EQ(RefreshesOf(*bed, "insert into orders select i, 2 from generate_series(100, 1099) as i"), 0u);
  EXPECT_EQ(RefreshesOf(*bed, "insert into orders select i, 2 from generate_series(2000, 3000) as i"), 2u);
  EXPECT_EQ(RefreshesOf(*bed, "insert into orders select 4000 + i, i from generate_series(2, 101) as i"), 0u);
  EXPECT_EQ(RefreshesOf(*bed, "insert into orders select 5000 + i, i from generate_series(2, 102) as i"), 2u);
  // Also where most of them were noted by the same transaction before.
  EXPECT_EQ(RefreshesOf(*bed,
                        "begin; insert into orders select 6000 + i, i from generate_series(2, 101) as i; "
                        "insert into orders select 7000 + i, i from generate_series(2, 102) as i; commit"),
            2u);
}

TEST_F(KeyedChangesTest, PartitionsTellOfTheirParentsColumn) {
  for (const char* text : {"create table parts (id int, customer text) partition by range (id)",
                           "create table part_a partition of parts for values from (0) to (100)",
                           "create table part_b partition of parts for values from (100) to (200)"}) {
    Run(text);
  }
  const auto bed = Begin("-- @auth none\n-- @live key=id min=10ms\nselect id from parts where customer = :c");
  for (const char* customer : {"c=ann", "c=bob", "c="}) ASSERT_TRUE(bed->Follow(customer));
  EXPECT_EQ(RefreshesOf(*bed, "insert into parts values (1, 'ann'), (101, 'eve')"), 1u);
  EXPECT_EQ(RefreshesOf(*bed, "insert into part_b values (102, 'bob')"), 1u);
  EXPECT_EQ(RefreshesOf(*bed, "update parts set id = 103 where id = 1"), 1u) << "into another partition";
  EXPECT_EQ(bed->Rows("c=ann"), R"({"id":103})");
  EXPECT_EQ(RefreshesOf(*bed, "insert into parts values (2, '')"), 1u);
  EXPECT_EQ(RefreshesOf(*bed, "insert into parts values (3, 'Ann'), (4, repeat('x', 5000))"), 0u);
}

TEST_F(KeyedChangesTest, ASecondTableRefreshesAllWhereTheAuthorNamesTheKey) {
  for (const char* text : {"create table customers (id int primary key, name text)",
                           "insert into customers values (1, 'a'), (2, 'b')"}) {
    Run(text);
  }
  const auto bed = Begin(
      "-- @auth none\n-- @live key=id by=customer min=10ms\nselect o.id, c.name from orders o join customers "
      "c "
      "on c.id = o.customer where o.customer = :customer");
  for (const char* customer : {"customer=1", "customer=2", "customer=3"}) ASSERT_TRUE(bed->Follow(customer));
  EXPECT_EQ(RefreshesOf(*bed, "update orders set total = 3 where id = 1"), 1u);
  EXPECT_EQ(RefreshesOf(*bed, "update customers set name = 'x' where id = 1"), 3u);
  EXPECT_EQ(bed->Rows("customer=1"), R"({"id":1,"name":"x"})");
}

// What was there before is replaced by its owner; the function alone, by itself, tells of all.
TEST_F(KeyedChangesTest, TriggersOfTheFirstVersionAreReplaced) {
  Run("create trigger tidemill_live after insert or update or delete or truncate on orders for each "
      "statement "
      "execute function tidemill.tidemill_live_changed()");
  const auto bed = Begin();
  ASSERT_TRUE(bed->Follow("customer=1"));
  ASSERT_TRUE(bed->Follow("customer=2"));
  EXPECT_EQ(RefreshesOf(*bed, "insert into orders values (10, 1)"), 1u);
  EXPECT_GE(
      RefreshesOf(
          *bed,
          "begin; drop trigger tidemill_live_insert on orders; drop trigger tidemill_live_update on orders; "
          "drop trigger tidemill_live_delete on orders; drop trigger tidemill_live on orders; create "
          "trigger tidemill_live after insert or update or delete or truncate on orders for each statement "
          "execute function tidemill.tidemill_live_changed(); insert into orders values (11, 1); commit"),
      2u);
}

TEST_F(KeyedChangesTest, AColumnThatIsGoneUndoesNoWriteAndTellsOfAll) {
  const auto bed = Begin();
  ASSERT_TRUE(bed->Follow("customer=1"));
  Settle(*bed);
  RunTogether("alter table orders rename customer to buyer; alter table orders add customer int");
  const std::uint64_t before = bed->metrics().refreshes.value();
  RunTogether("insert into orders (id, customer) values (20, 1)");
  EXPECT_TRUE(bed->WaitFor(R"({"id":20,"total":0})", "customer=1"));
  RunTogether("alter table orders drop customer");
  RunTogether("insert into orders (id, buyer) values (21, 1)");
  EXPECT_GT(bed->metrics().refreshes.value(), before);
}

// Whoever names tables and columns so has nothing run, and his changes are told.
TEST_F(KeyedChangesTest, HostileNamesAreNamesAndNothingElse) {
  const std::string schema = R"("a.b""c; drop table orders")";
  const std::string table = schema + R"(."x'; drop table public.orders; --")";
  Run("create schema " + schema);
  for (const std::string column :
       {"customer\"'); drop table public.orders; --", "tg_op", "found", "touched", "tidemill_new", "gone",
        "$make$", "e\\ \u00e9 \u6c34", "%I %1$s", "select"}) {
    SCOPED_TRACE(column);
    const std::string quoted = sql::QuoteIdentifier(column);
    Run("create table " + table + " (id int, " + quoted + " text)");
    const std::string name = R"(a.b"c; drop table orders.x'; drop table public.orders; --)";
    PostgresTables tables(*on_.loop, *on_.database, PostgresTables::Options{});
    const auto coverage =
        on_.Wait(tables.Cover({name}, KeyColumn{.table = name, .column = column, .oid = 25}));
    ASSERT_TRUE(coverage) << coverage.error().detail;
    EXPECT_EQ(coverage->keyed, (std::vector<std::string>{name})) << coverage->why_not_keyed;
    Run("select setval('tidemill.tidemill_live_until', 4102444800000)");
    Run("insert into " + table + " values (1, 'it''s')");
    const auto noted = on_.Run("select relation, key_column, touched[1] from tidemill.tidemill_live_notes");
    ASSERT_TRUE(noted) << noted.error().message;
    ASSERT_EQ(noted->rows.size(), 1u);
    EXPECT_EQ(noted->rows[0][0].text, name);
    EXPECT_EQ(noted->rows[0][1].text, column);
    EXPECT_EQ(noted->rows[0][2].text, "it's");
    Run("drop table " + table);
    Run("delete from tidemill.tidemill_live_notes");
  }
  Run("select from orders");
}

// It runs with other rights than those of the writer, who may have made an operator, a cast or a view.
TEST_F(KeyedChangesTest, NothingOfTheWritersRunsWithOtherRights) {
  const auto bed = Begin();
  ASSERT_TRUE(bed->Follow("customer=1"));
  RunTogether(
      "drop role if exists writer; create role writer; create schema theirs authorization writer; "
      "grant select, insert, update on orders to writer; "
      "create function theirs.evil(a text, b text) returns boolean language plpgsql as "
      "$$ begin raise exception 'as %', current_user; end $$; "
      "create operator theirs.= (leftarg = text, rightarg = text, function = theirs.evil); "
      "create function theirs.concat(variadic a text[]) returns text language plpgsql as "
      "$$ begin raise exception 'as %', current_user; end $$; grant usage on schema theirs, public, tidemill "
      "to "
      "writer");
  RunTogether(
      "set role writer; set search_path = theirs, pg_catalog, public; "
      "insert into public.orders values (50, 1); update public.orders set total = 2");
  const auto refused = on_.Run(
      "do $$ declare made text; begin select p.oid::regprocedure into made from pg_proc p where p.proname ~ "
      "'^tidemill_live_changed_'; execute 'create table mine (customer int)'; execute 'grant all on mine to "
      "writer'; set local role writer; execute format('create trigger a after insert on mine for each "
      "statement execute function %s', made); end $$");
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().message.contains("permission denied for function")) << refused.error().message;
  RunTogether("drop owned by writer cascade; drop schema if exists theirs cascade; drop role writer");
}

TEST_F(KeyedChangesTest, FunctionsThatNoTriggerCallsAreDropped) {
  PostgresTables tables(*on_.loop, *on_.database, PostgresTables::Options{});
  const auto functions = [&] {
    return std::string(
        on_.Run("select count(*) from pg_proc where proname ~ '^tidemill_live_changed_'")->rows[0][0].text);
  };
  for (const char* column : {"customer", "total"}) {
    ASSERT_TRUE(on_.Wait(
        tables.Cover({"public.orders"}, KeyColumn{.table = "public.orders", .column = column, .oid = 23})));
    EXPECT_EQ(functions(), "1") << column;
  }
}

TEST_F(KeyedChangesTest, ASecondColumnIsToldBesideTheFirst) {
  PostgresTables tables(*on_.loop, *on_.database, PostgresTables::Options{});
  const auto cover = [&](const char* column) {
    auto coverage = on_.Wait(
        tables.Cover({"public.orders"}, KeyColumn{.table = "public.orders", .column = column, .oid = 23}));
    EXPECT_TRUE(coverage) << coverage.error().detail;
    return *std::move(coverage);
  };
  const Coverage customer = cover("customer");
  EXPECT_EQ(customer.keyed, (std::vector<std::string>{"public.orders"})) << customer.why_not_keyed;
  const Coverage total = cover("total");
  EXPECT_EQ(total.keyed, (std::vector<std::string>{"public.orders"})) << total.why_not_keyed;
  const Coverage again = cover("customer");
  EXPECT_EQ(again.keyed, customer.keyed);
  EXPECT_NE(again.fingerprint, customer.fingerprint) << "it is asked for anew once";
  EXPECT_EQ(cover("customer"), again);
}

TEST_F(KeyedChangesTest, WhatIsReadInAnotherWayTooIsNotKeyed) {
  struct Case {
    const char* set_up;
    std::vector<std::string> tables;
    const char* why;
  };
  const Case cases[] = {
      {"create view all_orders as select * from orders",
       {"public.orders", "public.all_orders"},
       "public.orders is read in another way, too"},
      {"create table special () inherits (orders)",
       {"public.orders", "public.special"},
       "public.orders is read in another way, too"},
      {"alter table orders enable row level security; create policy own on orders using (id in (select 1))",
       {"public.orders"},
       "a policy of public.orders looks at other rows"},
      {"drop view all_orders; alter table orders alter customer type bigint",
       {"public.orders"},
       "customer of public.orders is not what it was when the query was described"},
      {"drop table orders cascade", {"public.orders"}, "there is no table public.orders"},
  };
  PostgresTables tables(*on_.loop, *on_.database, PostgresTables::Options{});
  for (const Case& c : cases) {
    SCOPED_TRACE(c.set_up);
    RunTogether(c.set_up);
    const auto coverage = on_.Wait(
        tables.Cover(c.tables, KeyColumn{.table = "public.orders", .column = "customer", .oid = 23}));
    ASSERT_TRUE(coverage) << coverage.error().detail;
    EXPECT_EQ(coverage->keyed, std::vector<std::string>{});
    EXPECT_EQ(coverage->why_not_keyed, c.why);
  }
}

}  // namespace
}  // namespace tidemill::queries::live
