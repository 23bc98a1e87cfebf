#include "queries/catalog/describe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "net/testing/run_task.h"
#include "postgres/testing/on_loop.h"
#include "postgres/testing/postgres_server.h"
#include "queries/catalog/operation_id.h"
#include "sqlite/testing/store_fixture.h"

namespace tidemill::queries {
namespace {

using CatalogPtr = std::shared_ptr<const Catalog>;
using net::testing::RunTask;
using Texts = std::vector<std::pair<std::string, std::string>>;

std::shared_ptr<const files::FileSet> SetOf(const Texts& texts, sql::Dialect dialect) {
  std::vector<std::shared_ptr<const files::File>> files;
  for (const auto& [path, text] : texts) {
    files.push_back(std::make_shared<const files::File>(files::LoadFile(path, text, dialect)));
  }
  return std::make_shared<const files::FileSet>(files::MakeFileSet(std::move(files), {}, {}));
}

// "id bigint!, note text": a ! is for never null.
std::string ColumnsOf(const Endpoint& endpoint) {
  std::string text;
  for (const EndpointColumn& column : endpoint.columns) {
    text += (text.empty() ? "" : ", ") + column.name + " " + column.type->name + (column.nullable ? "" : "!");
  }
  return text;
}

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
  return text;
}

const Endpoint& Only(const CatalogPtr& catalog) {
  for (const BrokenEndpoint& broken : catalog->broken) ADD_FAILURE() << broken.reason;
  EXPECT_EQ(catalog->endpoints.size(), 1u);
  return *catalog->endpoints.at(0);
}

class SqliteDescribeTest : public sqlite::testing::StoreTest {
 protected:
  SqliteDescribeTest() {
    for (const char* text :
         {"create table orders (id integer primary key, status text not null, note text, sums json)",
          "create table audit (what text)",
          "create trigger noted after insert on orders begin insert into audit values (new.status); end",
          "create view late as select o.id, a.what from orders o left join audit a on a.what = o.status"}) {
      EXPECT_TRUE(RunTask(loop(), database().Run({.statement = sql::Statement(text)})));
    }
  }

  CatalogPtr Make(const Texts& texts, CatalogPtr previous = nullptr, DescribeOptions options = {}) {
    return MakeOf(SetOf(texts, sql::Dialect::kSqlite), std::move(previous), options);
  }
  CatalogPtr MakeOf(std::shared_ptr<const files::FileSet> set, CatalogPtr previous = nullptr,
                    DescribeOptions options = {}) {
    auto catalog =
        RunTask(loop(), Describe(loop(), database(), std::move(set), std::move(previous), options));
    EXPECT_TRUE(catalog) << catalog.error().detail;
    return *catalog;
  }
};

TEST_F(SqliteDescribeTest, ColumnsParametersAndTables) {
  const CatalogPtr catalog = Make({{"orders/[id].get.sql",
                                    "-- @param id int\n-- @rows one\n"
                                    "select id, status, note, sums, 1 as one from orders where id = :id"}});
  const Endpoint& endpoint = Only(catalog);
  EXPECT_EQ(ColumnsOf(endpoint), "id INTEGER!, status TEXT!, note TEXT, sums json, one ");
  ASSERT_EQ(endpoint.parameters.size(), 1u);
  EXPECT_EQ(endpoint.parameters[0].type->kind, sql::Kind::kInteger);
  EXPECT_EQ(endpoint.access, sql::Access::kRead);
  EXPECT_EQ(Joined(endpoint.reads), "orders");
  EXPECT_EQ(Joined(endpoint.writes), "");
  EXPECT_EQ(endpoint.operation_id, "get_orders_id");
  EXPECT_TRUE(catalog->sound());
}

TEST_F(SqliteDescribeTest, WritesIncludeThoseOfTriggers) {
  const CatalogPtr catalog =
      Make({{"orders.post.sql", "insert into orders (status) values (:status) returning id"}});
  EXPECT_EQ(Joined(Only(catalog).writes), "audit orders");
  EXPECT_EQ(Only(catalog).access, sql::Access::kWrite);
  EXPECT_EQ(Joined(Only(Make({{"orders.delete.sql", "-- @rows exec\ndelete from audit"}})).writes), "audit");
}

TEST_F(SqliteDescribeTest, WhatIsBehindAVirtualTableIsNotKnown) {
  const sql::Statement words("create virtual table words using fts5(text)");
  ASSERT_TRUE(RunTask(loop(), database().Run({.statement = words})));
  EXPECT_FALSE(Only(Make({{"a.post.sql", "-- @rows exec\ninsert into words values ('a')"}})).knows_tables);
  EXPECT_FALSE(Only(Make({{"a.post.sql", "-- @rows exec\ndelete from words"}})).knows_tables);
  EXPECT_TRUE(Only(Make({{"a.post.sql", "-- @rows exec\ndelete from audit"}})).knows_tables);
}

TEST_F(SqliteDescribeTest, AnOuterJoinMayMakeNulls) {
  EXPECT_EQ(ColumnsOf(Only(
                Make({{"a.get.sql", "select o.id from audit a left join orders o on o.status = a.what"}}))),
            "id INTEGER");
  EXPECT_EQ(ColumnsOf(Only(Make({{"a.get.sql", "select id from late"}}))), "id INTEGER");
  EXPECT_EQ(Joined(Only(Make({{"a.get.sql", "select id, what from late"}})).reads), "audit orders");
}

TEST_F(SqliteDescribeTest, ABrokenFileIsShownAndTheOthersAreServed) {
  const CatalogPtr catalog = Make({{"a.get.sql", "select 1 as n"},
                                   {"b.get.sql", "select id,\n  nope from orders"},
                                   {"c.get.sql", "-- @parm x\nselect 1"},
                                   {"d.get.sql", "-- @connection replica\nselect 1"},
                                   {"e.get.sql", "replace into orders (id) values (1)"}});
  EXPECT_EQ(catalog->endpoints.size(), 1u);
  ASSERT_EQ(catalog->broken.size(), 4u);
  EXPECT_EQ(catalog->broken[0].path, "b.get.sql");
  EXPECT_EQ(catalog->broken[0].reason, "b.get.sql:2:3: no such column: nope\n    nope from orders\n    ^~~~");
  EXPECT_TRUE(catalog->broken[1].reason.starts_with("c.get.sql:1:4: unknown tag @parm"))
      << catalog->broken[1].reason;
  EXPECT_TRUE(catalog->broken[2].reason.contains("@connection replica")) << catalog->broken[2].reason;
  EXPECT_FALSE(catalog->sound());
}

TEST_F(SqliteDescribeTest, WhatSaysNothingOfItsCallersMayBeRefused) {
  const DescribeOptions strict{.without_auth = WithoutAuth::kRefused};
  const CatalogPtr catalog = Make({{"a.get.sql", "select 1"},
                                   {"b.get.sql", "-- @auth none\nselect 1"},
                                   {"c.get.sql", "-- @auth claims:sub\nselect 1"}},
                                  nullptr, strict);
  EXPECT_EQ(catalog->endpoints.size(), 2u);
  ASSERT_EQ(catalog->broken.size(), 1u);
  EXPECT_TRUE(catalog->broken[0].reason.contains("GET /a: nothing says who may call it"));
}

TEST_F(SqliteDescribeTest, WhatDidNotChangeIsTakenOver) {
  const auto first = SetOf({{"a.get.sql", "select 1"}, {"b.get.sql", "select 2"}}, sql::Dialect::kSqlite);
  const CatalogPtr before = MakeOf(first);
  std::vector<std::shared_ptr<const files::File>> files = first->files;
  files[1] = std::make_shared<const files::File>(
      files::LoadFile("b.get.sql", "select 2 as two", sql::Dialect::kSqlite));
  const CatalogPtr after =
      MakeOf(std::make_shared<const files::FileSet>(files::MakeFileSet(std::move(files), {}, {})), before);
  EXPECT_EQ(after->endpoints[0], before->endpoints[0]);
  EXPECT_NE(after->endpoints[1], before->endpoints[1]);
  EXPECT_NE(after->endpoints[1]->version, before->endpoints[1]->version);
  EXPECT_GT(after->number, before->number);
}

TEST_F(SqliteDescribeTest, WhatIsDescribedAnewIsTheSameObjectUnlessItHasChanged) {
  const auto set =
      SetOf({{"a.get.sql", "select status from orders"}, {"b.get.sql", "select what from audit"}},
            sql::Dialect::kSqlite);
  const CatalogPtr before = MakeOf(set);
  EXPECT_EQ(MakeOf(set, before, {.all_anew = true})->endpoints, before->endpoints);
  for (const char* text :
       {"alter table audit add note text", "create trigger seen after insert on audit begin select 1; end",
        "alter table orders rename to old_orders",
        "create table orders (id integer primary key, status text)"}) {
    ASSERT_TRUE(RunTask(loop(), database().Run({.statement = sql::Statement(text)}))) << text;
  }
  const CatalogPtr one = MakeOf(set, before, {.anew = {before->endpoints[1]}});
  EXPECT_EQ(one->endpoints, before->endpoints) << "the other one is taken over";
  const CatalogPtr all = MakeOf(set, before, {.all_anew = true});
  EXPECT_NE(all->endpoints[0], before->endpoints[0]) << "a column may be null now";
  EXPECT_EQ(all->endpoints[1], before->endpoints[1]);
}

TEST_F(SqliteDescribeTest, ABrokenOneIsDescribedAgainWithTheSameFile) {
  const auto set = SetOf({{"a.get.sql", "select n from later"}}, sql::Dialect::kSqlite);
  const CatalogPtr before = MakeOf(set);
  EXPECT_EQ(before->broken.size(), 1u);
  EXPECT_TRUE(RunTask(loop(), database().Run({.statement = sql::Statement("create table later (n)")})));
  EXPECT_EQ(MakeOf(set, before)->endpoints.size(), 1u);
}

class PostgresDescribeTest : public ::testing::Test {
 protected:
  static postgres::testing::PostgresServer& server() {
    static postgres::testing::PostgresServer there;
    return there;
  }
  PostgresDescribeTest() {
    for (const char* text :
         {"drop schema public cascade", "create schema public", "create type mood as enum ('sad', 'ok')",
          "create domain amount as numeric check (value > 0)",
          "create table orders (id bigint primary key, status mood not null, total amount not null, note "
          "text)",
          "comment on column orders.note is 'What they said.'",
          "create view open_orders as select id, status from orders",
          "create function touch() returns int language plpgsql as 'begin return 1; end'"}) {
      const auto done = on_.Run(text);
      EXPECT_TRUE(done) << done.error().message;
    }
  }

  CatalogPtr Make(const Texts& texts, CatalogPtr previous = nullptr) {
    auto catalog = on_.Wait(
        Describe(*on_.loop, *on_.database, SetOf(texts, sql::Dialect::kPostgres), std::move(previous), {}));
    EXPECT_TRUE(catalog) << catalog.error().detail;
    return *catalog;
  }

  postgres::testing::OnLoop on_{server().url()};
};

TEST_F(PostgresDescribeTest, ColumnsParametersAndTables) {
  const CatalogPtr catalog =
      Make({{"orders/[id].get.sql", "select id, status, total, note, 1 as one from orders where id = :id"}});
  const Endpoint& endpoint = Only(catalog);
  EXPECT_EQ(ColumnsOf(endpoint), "id bigint!, status mood!, total numeric!, note text, one integer");
  EXPECT_EQ(endpoint.columns[3].doc, "What they said.");
  EXPECT_EQ(endpoint.columns[1].type->labels, (std::vector<std::string>{"sad", "ok"}));
  EXPECT_EQ(endpoint.parameters[0].type->name, "bigint");
  EXPECT_EQ(endpoint.access, sql::Access::kRead);
  EXPECT_EQ(Joined(endpoint.reads), "public.orders");
  EXPECT_TRUE(endpoint.knows_tables);
}

TEST_F(PostgresDescribeTest, TablesBehindViewsAndOfWrites) {
  EXPECT_EQ(Joined(Only(Make({{"a.get.sql", "select id from open_orders"}})).reads),
            "public.open_orders public.orders");
  const CatalogPtr catalog =
      Make({{"a.patch.sql", "update orders set note = :note where id = :id returning id"}});
  EXPECT_EQ(Joined(Only(catalog).writes), "public.orders");
  EXPECT_EQ(Only(catalog).access, sql::Access::kWrite);
  EXPECT_EQ(ColumnsOf(Only(catalog)), "id bigint!");
}

TEST_F(PostgresDescribeTest, AWriteChangesWhatFollowsIt) {
  for (const char* text :
       {"create table parents (id int primary key)",
        "create table children (id int primary key, parent int references parents on delete cascade)",
        "create table grandchildren (child int references children on update cascade)",
        "create table strangers (parent int references parents)",
        "create table measured (day int) partition by range (day)",
        "create table measured_1 partition of measured for values from (1) to (2)",
        "create table measured_2 partition of measured for values from (2) to (3)"}) {
    ASSERT_TRUE(on_.Run(text)) << text;
  }
  struct Case {
    const char* text;
    const char* writes;
  };
  const Case cases[] = {
      {"delete from parents", "public.children public.grandchildren public.parents"},
      {"insert into parents values (1)", "public.parents"},
      {"insert into measured_1 values (1)", "public.measured public.measured_1 public.measured_2"},
      {"update measured set day = day", "public.measured public.measured_1 public.measured_2"},
      {"update open_orders set id = id", "public.open_orders public.orders"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const CatalogPtr catalog = Make({{"a.post.sql", std::string("-- @rows exec\n") + c.text}});
    EXPECT_EQ(Joined(Only(catalog).writes), c.writes);
    EXPECT_TRUE(Only(catalog).knows_tables);
  }
}

TEST_F(PostgresDescribeTest, WhatATriggerOrARuleTouchesIsNotKnown) {
  const auto knows = [this](const char* text) {
    return Only(Make({{"a.post.sql", std::string("-- @rows exec\n") + text}})).knows_tables;
  };
  for (const char* text :
       {"create function noted() returns trigger language plpgsql as 'begin return null; end'",
        "create function tidemill_live_changed() returns trigger language plpgsql as 'begin return null; "
        "end'",
        "create table plain (n int)", "create table ruled (n int)", "create table watched (n int)",
        "create trigger tidemill_live after insert on plain execute function tidemill_live_changed()",
        "create trigger noted after insert on watched execute function noted()",
        "create rule also as on insert to ruled do also delete from plain"}) {
    ASSERT_TRUE(on_.Run(text)) << text;
  }
  EXPECT_TRUE(knows("insert into plain values (1)"));
  EXPECT_FALSE(knows("insert into watched values (1)"));
  EXPECT_FALSE(knows("insert into ruled values (1)"));
  EXPECT_TRUE(Only(Make({{"a.get.sql", "select n from watched"}})).knows_tables);
}

TEST_F(PostgresDescribeTest, WhatAFunctionTouchesIsNotKnown) {
  EXPECT_FALSE(Only(Make({{"a.get.sql", "select touch()"}})).knows_tables);
  EXPECT_TRUE(Only(Make({{"a.get.sql", "select now(), lower('A')"}})).knows_tables);
  EXPECT_FALSE(Only(Make({{"a.post.sql", "-- @rows exec\nrefresh materialized view nothing"}})).knows_tables);
}

TEST_F(PostgresDescribeTest, DeclaredTypesGoBeforeGuessedOnes) {
  const CatalogPtr catalog =
      Make({{"a.get.sql", "-- @param x mood\nselect id from orders where :x is null or status = :x"}});
  EXPECT_EQ(Only(catalog).parameters[0].type->name, "mood");
}

TEST_F(PostgresDescribeTest, WhatIsWrongIsShownAtItsPlace) {
  const CatalogPtr catalog = Make({{"a.get.sql", "select :x is null"},
                                   {"b.get.sql", "select id, nope\nfrom orders"},
                                   {"c.get.sql", "-- @param x mud\nselect :x"}});
  ASSERT_EQ(catalog->broken.size(), 3u);
  EXPECT_TRUE(catalog->broken[0].reason.contains("-- @param NAME TYPE")) << catalog->broken[0].reason;
  EXPECT_TRUE(catalog->broken[1].reason.starts_with(
      "b.get.sql:1:12: column \"nope\" does not exist\n  select id, nope\n             ^~~~"))
      << catalog->broken[1].reason;
  EXPECT_TRUE(catalog->broken[2].reason.starts_with("c.get.sql:1:11: the database has no type mud"))
      << catalog->broken[2].reason;
}

TEST_F(PostgresDescribeTest, ACacheWhoseCallersSeeDifferentRowsIsRefused) {
  for (const char* text : {"alter table orders enable row level security",
                           "create policy own on orders using (note = current_setting('request.jwt.claims', "
                           "true)::json->>'org')"}) {
    ASSERT_TRUE(on_.Run(text));
  }
  const CatalogPtr catalog = Make({{"a.get.sql", "-- @cache 1h scope=sub\nselect id from orders"},
                                   {"b.get.sql", "-- @cache 1h scope=sub,org\nselect id from orders"},
                                   {"c.get.sql", "-- @cache 1h scope=sub\nselect id from open_orders"},
                                   {"d.get.sql", "-- @auth none\n-- @cache 1h\nselect id from orders"},
                                   {"e.get.sql", "select id from orders"}});
  EXPECT_EQ(catalog->endpoints.size(), 3u);
  ASSERT_EQ(catalog->broken.size(), 2u);
  for (const BrokenEndpoint& broken : catalog->broken) {
    EXPECT_TRUE(broken.reason.contains("the policy \"own\" of public.orders looks at the claim org"))
        << broken.reason;
    EXPECT_TRUE(broken.reason.contains("scope=sub,org")) << broken.reason;
  }
}

TEST_F(PostgresDescribeTest, NothingIsKnownWhileTheDatabaseIsAway) {
  const auto set = SetOf({{"a.get.sql", "select 1"}}, sql::Dialect::kPostgres);
  server().Kill();
  const auto catalog = on_.Wait(Describe(*on_.loop, *on_.database, set, nullptr, {}));
  ASSERT_FALSE(catalog);
  EXPECT_EQ(catalog.error().code, Errc::kUnavailable);
  server().Restart();
}

TEST(OperationIds, AreEachOnlyOne) {
  const auto route = [](std::vector<files::Segment> segments) {
    return files::Route{.method = files::Method::kGet, .segments = std::move(segments)};
  };
  const files::Route a = route({{.text = "a-b"}});
  const files::Route b = route({{.text = "a_b"}});
  const files::Route c = route({{.text = "a_b_2"}});
  const files::Route d = route({{.text = "a"}, {.text = "b", .parameter = true}});
  EXPECT_EQ(OperationIds({&a, &b, &c, &d}),
            (std::vector<std::string>{"get_a_b", "get_a_b_3", "get_a_b_2", "get_a_b_4"}));
}

}  // namespace
}  // namespace tidemill::queries
