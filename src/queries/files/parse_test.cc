#include "queries/files/parse.h"

#include <gtest/gtest.h>

#include <string>

#include "queries/files/testing/parsed.h"

namespace tidemill::files {
namespace {

using sql::Dialect;
using testing::Messages;
using testing::Parse;
using testing::ParseOne;

TEST(Parse, ReadsEverythingOfAnEndpoint) {
  const Query query = ParseOne("orders/by_customer.get.sql", R"(-- Latest orders of one customer.
-- Newest first.
--
-- A second paragraph.
-- @param customer_id int! query "whose orders"
-- @param status text = null  "filter by status"
-- @auth role:web,admin claims:sub
-- @rows many
-- @page limit=20 max=200
-- @sort created_at|amount
-- @cache 30s swr=5m scope=sub tags=orders,customers
-- @live min=200ms key=id by=customer_id
-- @timeout 2s
-- @rate 20/s per sub
-- @connection replica
-- @plan custom
select id, status, amount, created_at from orders
where customer_id = :customer_id and (:status::text is null or status = :status);
)");
  EXPECT_EQ(query.route.ToString(), "GET /orders/by_customer");
  EXPECT_EQ(query.summary, "Latest orders of one customer.");
  EXPECT_EQ(query.description, "Newest first.\n\nA second paragraph.");

  ASSERT_EQ(query.parameters.size(), 2u);
  const Parameter& customer = query.parameters[0];
  EXPECT_EQ(customer.name, "customer_id");
  EXPECT_EQ(customer.type, "int");
  EXPECT_TRUE(customer.required);
  EXPECT_EQ(customer.source, ParameterSource::kQuery);
  EXPECT_EQ(customer.doc, "whose orders");
  const Parameter& status = query.parameters[1];
  EXPECT_EQ(status.type, "text");
  EXPECT_FALSE(status.required);
  EXPECT_EQ(status.default_value, DefaultValue{});
  EXPECT_EQ(status.doc, "filter by status");

  EXPECT_TRUE(query.auth.required);
  EXPECT_EQ(query.auth.roles, (std::vector<std::string>{"web", "admin"}));
  EXPECT_EQ(query.auth.claims, std::vector<std::string>{"sub"});
  EXPECT_EQ(query.page, (Page{.limit = 20, .max = 200}));
  EXPECT_EQ(query.sort, (std::vector<std::string>{"created_at", "amount"}));
  EXPECT_EQ(query.cache, (Cache{.ttl = Seconds(30),
                                .stale_while_revalidate = Minutes(5),
                                .scope = {"sub"},
                                .tags = {"orders", "customers"}}));
  EXPECT_EQ(query.live, (Live{.min_interval = Milliseconds(200), .key = {"id"}, .by = {"customer_id"}}));
  EXPECT_EQ(query.timeout, Seconds(2));
  EXPECT_EQ(query.rate, (Rate{.count = 20, .per = Seconds(1), .claim = "sub"}));
  EXPECT_EQ(query.connection, "replica");
  EXPECT_TRUE(query.custom_plan);

  ASSERT_EQ(query.statements.size(), 1u);
  EXPECT_EQ(query.statements[0].sql.text,
            "select id, status, amount, created_at from orders\n"
            "where customer_id = $1 and ($2::text is null or status = $2)");
  EXPECT_EQ(query.statements[0].parameters, (std::vector<std::size_t>{0, 1}));
  EXPECT_FALSE(query.statements[0].writes);
}

TEST(Parse, WithoutTagsCallersAreKnownAndParametersAreRequired) {
  const Query query = ParseOne("orders.get.sql", "select :id");
  EXPECT_TRUE(query.auth.required);
  EXPECT_EQ(query.rows, RowsShape::kMany);
  ASSERT_EQ(query.parameters.size(), 1u);
  EXPECT_TRUE(query.parameters[0].required);
  EXPECT_EQ(query.parameters[0].source, ParameterSource::kQuery);
  EXPECT_FALSE(query.cache || query.live || query.page || query.rate || query.timeout);
}

TEST(Parse, SourcesFollowTheRouteAndTheMethod) {
  const Query put = ParseOne("orders/[id].put.sql", "update orders set status = :status where id = :id");
  EXPECT_EQ(put.route.ToString(), "PUT /orders/{id}");
  EXPECT_EQ(put.parameters[0].source, ParameterSource::kBody);
  EXPECT_EQ(put.parameters[1].source, ParameterSource::kPath);
  const Query gone = ParseOne("orders/[id].delete.sql", "delete from orders where id = :id and v = :v");
  EXPECT_EQ(gone.parameters[1].source, ParameterSource::kQuery);
  const Query claim = ParseOne("me.get.sql", "-- @param sub text claim\nselect * from u where id = :sub");
  EXPECT_EQ(claim.parameters[0].source, ParameterSource::kClaim);
  EXPECT_TRUE(claim.parameters[0].required);
}

TEST(Parse, Defaults) {
  struct Case {
    std::string_view param;
    DefaultValue::Kind kind;
    std::string_view text;
  };
  using enum DefaultValue::Kind;
  const Case cases[] = {
      {"p int = 5", kNumber, "5"},
      {"p int=-5", kNumber, "-5"},
      {"p = 1.5", kNumber, "1.5"},
      {"p numeric = 1e3", kNumber, "1e3"},
      {"p bool = TRUE", kBoolean, "true"},
      {"p text = 'open'", kText, "open"},
      {"p text = 'it''s'", kText, "it's"},
      {"p = ''", kText, ""},
      {"p date = '2026-01-01'", kText, "2026-01-01"},
      {"p = NULL", kNull, ""},
      {"p query = 5", kNumber, "5"},
      {"p int = 5 query", kNumber, "5"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.param);
    const Query query = ParseOne("a.get.sql", "-- @param " + std::string(c.param) + "\nselect :p");
    EXPECT_FALSE(query.parameters[0].required);
    EXPECT_EQ(query.parameters[0].default_value, (DefaultValue{c.kind, std::string(c.text)}));
  }
}

TEST(Parse, HeadersOfAllShapes) {
  const Query block =
      ParseOne("a.get.sql", "/*\n * Summary.\n *\n * More.\n * @auth none\n * @rows one\n */\nselect 1");
  EXPECT_EQ(block.summary, "Summary.");
  EXPECT_EQ(block.description, "More.");
  EXPECT_FALSE(block.auth.required);
  EXPECT_EQ(block.rows, RowsShape::kOne);

  const Query drawn =
      ParseOne("a.get.sql", "----------\n--- Summary. ---\n-- ======\n--- @rows one\nselect 1");
  EXPECT_EQ(drawn.summary, "Summary. ---");
  EXPECT_EQ(drawn.description, "");
  EXPECT_EQ(drawn.rows, RowsShape::kOne);

  const Query beyond = ParseOne("a.get.sql", "-- \xd0\x97\xd0\xb0\xd0\xba\xd0\xb0\xd0\xb7\nselect 1");
  EXPECT_EQ(beyond.summary, "\xd0\x97\xd0\xb0\xd0\xba\xd0\xb0\xd0\xb7");

  const Query windows = ParseOne("a.get.sql", "-- Summary.\r\n-- @rows one\r\n\r\nselect 1\r\n");
  EXPECT_EQ(windows.summary, "Summary.");
  EXPECT_EQ(windows.rows, RowsShape::kOne);

  const Query tight = ParseOne("a.get.sql", "--Summary.\n--@rows one\nselect 1 -- @ 5 is no tag, nor is a@b");
  EXPECT_EQ(tight.summary, "Summary.");
  EXPECT_EQ(tight.rows, RowsShape::kOne);

  const Query apart = ParseOne("a.get.sql", "\n\n-- @rows one\n\n\n-- Summary.\n\nselect 1");
  EXPECT_EQ(apart.summary, "Summary.");
  EXPECT_EQ(apart.rows, RowsShape::kOne);

  const Query lists =
      ParseOne("a.get.sql", "-- @auth none\n-- @sort a | b\n-- @live tables a, b key = id\nselect 1");
  EXPECT_EQ(lists.sort, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(lists.live->tables, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(lists.live->key, std::vector<std::string>{"id"});
}

TEST(Parse, OtherFormsOfTags) {
  EXPECT_EQ(ParseOne("a.get.sql", "-- @page\nselect 1").page, (Page{.limit = 50, .max = 500}));
  EXPECT_EQ(ParseOne("a.get.sql", "-- @page max=20\nselect 1").page, (Page{.limit = 20, .max = 20}));
  EXPECT_EQ(ParseOne("a.get.sql", "-- @page limit=900\nselect 1").page, (Page{.limit = 900, .max = 900}));
  EXPECT_EQ(ParseOne("a.get.sql", "-- @page keyset created_at,id limit=10\nselect 1").page,
            (Page{.keyset = {"created_at", "id"}, .limit = 10, .max = 500}));
  EXPECT_EQ(ParseOne("a.get.sql", "-- @live poll 2s\nselect 1").live, (Live{.poll = Seconds(2)}));
  EXPECT_EQ(ParseOne("a.get.sql", "-- @live tables public.a,b\nselect 1").live,
            (Live{.tables = {"public.a", "b"}}));
  EXPECT_EQ(ParseOne("a.get.sql", "-- @live\nselect 1").live, Live{});
  EXPECT_EQ(ParseOne("a.get.sql", "-- @auth none\n-- @cache 1m scope=public\nselect 1").cache,
            Cache{.ttl = Minutes(1)});
  EXPECT_EQ(ParseOne("a.get.sql", "-- @auth none\n-- @cache 1m\nselect 1").cache, Cache{.ttl = Minutes(1)});
  EXPECT_EQ(ParseOne("a.get.sql", "-- @cache 1m scope=claims:org,sub\nselect 1").cache,
            (Cache{.ttl = Minutes(1), .scope = {"org", "sub"}}));
  EXPECT_EQ(ParseOne("a.get.sql", "-- @rate 100/h per ip\nselect 1").rate,
            (Rate{.count = 100, .per = Hours(1)}));
  EXPECT_TRUE(ParseOne("a.post.sql", "-- @idempotent\ninsert into a values (1)").idempotent);
  EXPECT_EQ(ParseOne("a.post.sql", "-- @invalidates a, b\ninsert into a values (1)").invalidates,
            (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(ParseOne("a.get.sql", "-- @param p! body_type\nselect :p").parameters[0].type, "body_type");
  EXPECT_EQ(ParseOne("a.get.sql", "-- @param :p public.mood[]!\nselect :p").parameters[0].type,
            "public.mood[]");
}

TEST(Parse, StatementsOfATransaction) {
  const Query query = ParseOne("transfer.post.sql", R"(-- @tx
update accounts set amount = amount - :amount where id = :from_id;
-- the other side;
update accounts set amount = amount + :amount where id = :to_id;
;
select ';' as done, :from_id;
)");
  ASSERT_EQ(query.statements.size(), 3u);
  EXPECT_TRUE(query.transaction);
  EXPECT_EQ(query.statements[1].sql.text, "update accounts set amount = amount + $1 where id = $2");
  EXPECT_EQ(query.statements[1].parameters, (std::vector<std::size_t>{0, 2})) << "numbers begin anew";
  EXPECT_EQ(query.statements[2].sql.text, "select ';' as done, $1");
  EXPECT_EQ(query.statements[2].parameters, std::vector<std::size_t>{1});
  EXPECT_TRUE(query.statements[1].writes);
  EXPECT_FALSE(query.statements[2].writes);
}

TEST(Parse, SplitsWhereTheDatabaseDoes) {
  struct Case {
    const char* name;
    Dialect dialect;
    std::string_view text;
    std::size_t statements;
  };
  constexpr auto kPostgres = Dialect::kPostgres;
  constexpr auto kSqlite = Dialect::kSqlite;
  const Case cases[] = {
      {"one", kPostgres, "select 1", 1},
      {"one with its end", kPostgres, "select 1;", 1},
      {"ends only between", kPostgres, ";;select 1;;;select 2;;", 2},
      {"string", kPostgres, "select ';'; select 2", 2},
      {"doubled quote", kPostgres, "select 'a'';'; select 2", 2},
      {"name", kPostgres, "select \";\"; select 2", 2},
      {"comments", kPostgres, "select 1 -- ;\n + 2 /* ; */; select 2 -- ;", 2},
      {"dollar quote", kPostgres, "do $$ begin null; end; $$; select 1", 2},
      {"brackets", kPostgres, "create rule r as on insert to t do (select 1; select 2); select 3", 2},
      {"function in sql's own form", kPostgres,
       "create function f() returns int language sql begin atomic select 1; select case when true then 1 "
       "end; "
       "end; select 2",
       2},
      {"or replace procedure", kPostgres,
       "create or replace procedure p() begin atomic insert into t values (1); end; select 1", 2},
      {"a column named function is no body", kPostgres, "select begin, function from t; select 2", 2},
      {"trigger", kSqlite,
       "create trigger t after insert on a begin update b set x = case when 1 then 2 end; delete from c; "
       "end; "
       "select 1",
       2},
      {"temporary trigger", kSqlite,
       "create temp trigger if not exists t after insert on a begin select 1; end; select 1", 2},
      {"a trigger whose case ends its line", kSqlite,
       "create trigger t after insert on a begin select case when 1 then 2 end; end; select 1", 2},
      {"names of sqlite", kSqlite, "select [;], `;`, \";\"; select 2", 2},
      {"no dollar quotes in sqlite", kSqlite, "select 'a$$'; select '$$'", 2},
      {"begin of a column in sqlite", kSqlite, "select 1 as \"end\"; select 2", 2},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const ParsedFile file = Parse("a.post.sql", "-- @tx\n" + std::string(c.text), c.dialect);
    EXPECT_EQ(Messages(file), "");
    ASSERT_EQ(file.queries.size(), 1u);
    EXPECT_EQ(file.queries[0].statements.size(), c.statements);
  }
}

TEST(Parse, SeveralQueriesInOneFile) {
  const ParsedFile file = Parse("users.sql", R"(-- All about users.

-- name: ListUsers :many
-- Everybody.
-- @page
select * from users;

-- name: get-user^
-- One.
select * from users where id = :id;

-- name: count_users$
select count(*) from users;

-- name: CreateUser :one
insert into users (name) values (:name) returning *;

-- name: publish<!
with gone as (delete from drafts where id = :id returning *) insert into posts select * from gone returning *;

-- name: remove!
-- '-- name: in a string' does not count:
delete from users where id = :id and note <> '
-- name: nobody :many
';
)");
  ASSERT_EQ(Messages(file), "");
  ASSERT_EQ(file.queries.size(), 6u);
  const std::string_view routes[] = {"GET /users/ListUsers",   "GET /users/get-user",
                                     "GET /users/count_users", "POST /users/CreateUser",
                                     "POST /users/publish",    "POST /users/remove"};
  const RowsShape shapes[] = {RowsShape::kMany, RowsShape::kOne, RowsShape::kValue,
                              RowsShape::kOne,  RowsShape::kOne, RowsShape::kExec};
  for (std::size_t i = 0; i < file.queries.size(); ++i) {
    EXPECT_EQ(file.queries[i].route.ToString(), routes[i]);
    EXPECT_EQ(file.queries[i].rows, shapes[i]);
  }
  EXPECT_EQ(file.queries[0].summary, "Everybody.");
  EXPECT_EQ(file.queries[1].statements[0].sql.text, "select * from users where id = $1");
  const ParsedFile post =
      Parse("users/[id].post.sql", "-- name: rename :exec\nupdate u set n = :n where id = :id");
  EXPECT_EQ(Messages(post), "");
  EXPECT_EQ(post.queries.at(0).route.ToString(), "POST /users/{id}/rename");
}

TEST(Parse, MethodsOfNamedQueriesFollowWhatTheyDo) {
  struct Case {
    std::string_view text;
    Method method;
  };
  const Case cases[] = {
      {"select 'insert into a'", Method::kGet},
      {"-- insert\nselect 1", Method::kGet},
      {"select $$ delete from a $$", Method::kGet},
      {"select \"update\" from a", Method::kGet},
      {"select update from a", Method::kGet},
      {"with a as (select 1) select * from a", Method::kGet},
      {"with a as (select max(update) from b) select * from a", Method::kGet},
      {"select replace(a, 'b', 'c') from d", Method::kGet},
      {"INSERT into a values (1)", Method::kPost},
      {"/* x */ Update a set b = 1", Method::kPost},
      {"merge into a using b on true when matched then delete", Method::kPost},
      {"with a as (select 1) insert into b select * from a", Method::kPost},
      {"with a as materialized (delete from b returning *) select * from a", Method::kPost},
      {"replace into a values (1)", Method::kPost},
      {"truncate a", Method::kPost},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const ParsedFile file = Parse("a.sql", "-- name: x\n" + std::string(c.text));
    EXPECT_EQ(Messages(file), "");
    EXPECT_EQ(file.queries.at(0).route.method, c.method);
  }
}

TEST(Parse, OfSqlite) {
  const Query query =
      ParseOne("a.get.sql", "-- @param id int!\nselect [a:b], `c:d` from t where id = :id", Dialect::kSqlite);
  EXPECT_EQ(query.statements[0].sql.text, "select [a:b], `c:d` from t where id = ?1");
}

}  // namespace
}  // namespace tidemill::files
