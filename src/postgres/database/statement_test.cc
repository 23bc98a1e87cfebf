#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "base/log.h"
#include "postgres/testing/on_loop.h"
#include "postgres/testing/postgres_server.h"

namespace tidemill::postgres {
namespace {

using sql::Effect;
using sql::FailureKind;
using sql::Kind;
using testing::OnLoop;

class StatementTest : public ::testing::Test {
 protected:
  static DatabaseOptions Options() {
    DatabaseOptions options = testing::PatientOptions();
    options.statement_timeout = Minutes(3);
    options.lock_timeout = Minutes(4);
    options.transaction_idle_max = Minutes(5);
    options.prepared_max = 20;
    options.limits.statement_bytes_max = 64u << 20;
    options.limits.row_bytes_max = 1u << 20;
    return options;
  }

  // The text of the only field; what failed, otherwise.
  std::string One(const std::string& text, sql::Parameters parameters = {}) {
    const auto result = db.Run(text, std::move(parameters));
    if (!result) return result.error().code + " " + result.error().message;
    if (result->rows.size() != 1) return "no single row";
    const sql::Field field = result->rows[0][0];
    return field.is_null() ? "null" : std::string(field.text);
  }
  sql::Failure FailureOf(const std::string& text, sql::Parameters parameters = {}) {
    auto result = db.Run(text, std::move(parameters));
    EXPECT_FALSE(result) << text;
    return result ? sql::Failure{} : result.error();
  }

  OnLoop db{testing::SharedServer().url(), Options()};
};

TEST_F(StatementTest, WhatBelongsToOtherCallsIsRefusedByName) {
  struct Case {
    const char* text;
    const char* message;
  };
  const char* const kTransaction = "a transaction is begun with Begin and ended with Commit or Rollback";
  const char* const kLeft = "a connection is shared: nothing may be left in its session";
  const Case cases[] = {
      {"copy t from stdin", "COPY has calls of its own"},
      {"/* x */ -- y\n COPY (select 1) to stdout", "COPY has calls of its own"},
      {"begin", kTransaction},
      {"start transaction", kTransaction},
      {"commit", kTransaction},
      {"ROLLBACK", kTransaction},
      {"savepoint a", kTransaction},
      {"prepare transaction 'x'", kTransaction},
      {"set search_path to x", kLeft},
      {"reset all", kLeft},
      {"discard all", kLeft},
      {"listen news", kLeft},
      {"declare c cursor with hold for select 1", kLeft},
      {"select set_config('a.b', 'c', false)",
       "a connection is shared, and a setting would stay in it: the last argument of set_config is true"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const sql::Failure failure = FailureOf(c.text);
    EXPECT_EQ(failure.kind, FailureKind::kInvalidStatement);
    EXPECT_EQ(failure.message, c.message);
    EXPECT_EQ(failure.effect, Effect::kNone);
  }
  EXPECT_EQ(One("select 1"), "1");
  EXPECT_EQ(db.metrics.disconnects.value(), 0u);
}

TEST_F(StatementTest, AwkwardOnes) {
  for (const char* text : {"", " ", ";", "-- nothing", "/* nothing /* at */ all */"}) {
    const auto empty = db.Run(text);
    ASSERT_TRUE(empty) << text << empty.error().message;
    EXPECT_EQ(empty->rows.size(), 0u);
  }
  EXPECT_EQ(FailureOf("select 1; select 2").code, "42601");
  EXPECT_EQ(FailureOf(std::string("select 1\0; drop table x", 23)).message, "a NUL in the statement");
  const auto without_columns = db.Run("select from generate_series(1, 3)");
  ASSERT_TRUE(without_columns);
  EXPECT_EQ(without_columns->rows.size(), 3u);
  EXPECT_EQ(without_columns->rows.columns().size(), 0u);
  EXPECT_TRUE(db.Run("create table awkward(a int, b text)"));
  EXPECT_EQ(db.Run("insert into awkward values (1, 'x'), (2, 'y')")->rows_affected, 2u);
  EXPECT_EQ(db.Run("update awkward set b = 'z'")->rows_affected, 2u);
  EXPECT_TRUE(db.Run("do $$ begin for i in 1 .. 100 loop raise notice 'note %', i; end loop; end $$"));
  EXPECT_GE(db.metrics.notices.value(), 100u);
  EXPECT_TRUE(db.Run("vacuum awkward")) << "what cannot be in a transaction is in none";
  EXPECT_EQ(FailureOf("do $$ begin raise exception using message = repeat('x', 1000000); end $$").kind,
            FailureKind::kInternal)
      << "too long a text is passed over";
  EXPECT_TRUE(db.Run("drop table awkward"));
  EXPECT_EQ(db.metrics.disconnects.value(), 0u);
}

TEST_F(StatementTest, ParametersAsManyAsTheProtocolTakes) {
  const std::string large(20'000'000, 'x');
  EXPECT_EQ(One("select length($1::text)", {large}), "20000000");
  EXPECT_EQ(One("select octet_length($1::bytea)", {sql::Bytes{large}}), "20000000");
  sql::Parameters parameters(65'535, sql::Parameter(std::int64_t{1}));
  std::string text = "select 0";
  for (int n = 1; n <= 65'535; ++n) text += "+$" + std::to_string(n) + "::int8";
  EXPECT_EQ(FailureOf(text, parameters).kind, FailureKind::kLimitExceeded) << "the server's stack";
  text = "select count(*) from (values ($1::int8)";
  for (int n = 2; n <= 65'535; ++n) text += ",($" + std::to_string(n) + ")";
  EXPECT_EQ(One(text + ") v", parameters), "65535");
  parameters.emplace_back(std::int64_t{1});
  const sql::Failure failure = FailureOf("select 1", parameters);
  EXPECT_EQ(failure.kind, FailureKind::kLimitExceeded);
  EXPECT_EQ(failure.message, "65536 parameters; a statement takes 65535");
  EXPECT_EQ(FailureOf("select length($1::text)", {std::string(65u << 20, 'x')}).kind,
            FailureKind::kLimitExceeded);
}

TEST_F(StatementTest, ARowOverItsLimitIsPassedOver) {
  const sql::Failure failure = FailureOf("select repeat('x', 2000000)");
  EXPECT_EQ(failure.kind, FailureKind::kLimitExceeded);
  EXPECT_EQ(failure.message, "the result is over its limit: a row of 2000006 bytes");
  EXPECT_EQ(One("select 1"), "1");
  EXPECT_EQ(db.metrics.disconnects.value(), 0u);
}

TEST_F(StatementTest, ValuesGoThereAndBackExactly) {
  struct Case {
    const char* type;
    std::string value;
    Kind kind;
  };
  std::string digits(1000, '7');
  digits.insert(500, ".");
  const Case cases[] = {
      {"int8", "9007199254740993", Kind::kInteger},
      {"int8", "-9223372036854775808", Kind::kInteger},
      {"int2", "-32768", Kind::kInteger},
      {"oid", "4294967295", Kind::kInteger},
      {"numeric", digits, Kind::kNumeric},
      {"numeric", "NaN", Kind::kNumeric},
      {"numeric", "-Infinity", Kind::kNumeric},
      {"float8", "0.1", Kind::kFloat},
      {"float8", "5e-324", Kind::kFloat},
      {"float8", "-Infinity", Kind::kFloat},
      {"float4", "3.4028235e+38", Kind::kFloat},
      {"bool", "t", Kind::kBoolean},
      {"date", "infinity", Kind::kDate},
      {"date", "0044-03-15 BC", Kind::kDate},
      {"timestamp", "-infinity", Kind::kTimestamp},
      {"timestamptz", "2026-11-27 10:00:00.123456+00", Kind::kTimestampTz},
      {"timestamptz", "infinity", Kind::kTimestampTz},
      {"interval", "1 year 2 mons 3 days -04:05:06.789", Kind::kText},
      {"time", "24:00:00", Kind::kText},
      {"uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", Kind::kUuid},
      {"json", R"({"a":1, "a":2, "n":1e400})", Kind::kJson},
      {"jsonb", R"({"a": 2, "text": "ü"})", Kind::kJson},
      {"int4[]", "{}", Kind::kArray},
      {"int4[]", "{{1,2},{3,NULL}}", Kind::kArray},
      {"text[]", R"({"","a,b","\"",NULL,"NULL"})", Kind::kArray},
      {"int4range", "[1,5)", Kind::kText},
      {"int4range", "empty", Kind::kText},
      {"int4multirange", "{[1,3),[5,8)}", Kind::kText},
      {"text", std::string(100'000, 'y'), Kind::kText},
      {"inet", "10.0.0.0/8", Kind::kText},
      {"bit(5)", "10101", Kind::kText},
      {"point", "(1,2.5)", Kind::kText},
      {"money", "$1.00", Kind::kText},
      {"xml", "<a>b</a>", Kind::kText},
      {"tsvector", "'a':1 'b':2", Kind::kText},
      {"pg_lsn", "16/B374D848", Kind::kText},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.type + std::string(" ") + c.value.substr(0, 40));
    const auto result = db.Run(std::string("select $1::") + c.type, {c.value});
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->rows[0][0].text, c.value);
    EXPECT_EQ(result->rows[0][0].kind, c.kind);
  }
  const std::string all_bytes = [] {
    std::string bytes;
    for (int i = 0; i < 512; ++i) bytes.push_back(static_cast<char>(i));
    return bytes;
  }();
  const sql::Statement bytea("select $1::bytea, null::bytea, ''::bytea");
  for (int use = 0; use < 5; ++use) {  // first as hex, then binary
    const auto result = db.Run({.statement = bytea, .parameters = {sql::Bytes{all_bytes}}});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->rows[0][0].text, all_bytes);
    EXPECT_TRUE(result->rows[0][1].is_null());
    EXPECT_FALSE(result->rows[0][2].is_null());
  }
}

TEST_F(StatementTest, TypesOfTheDatabaseAreLookedUpOnce) {
  for (const char* text :
       {"drop type if exists mood, pair cascade", "drop domain if exists even",
        "create type mood as enum ('sad', 'ok', 'happy')", "create type pair as (a int, m mood, ms mood[])",
        "create domain even as int check (value % 2 = 0)"}) {
    ASSERT_TRUE(db.Run(text));
  }
  const sql::Statement select(
      "select 'ok'::mood, '{sad,happy}'::mood[], row(1, 'sad', '{ok}')::pair, 4::even");
  for (int use = 0; use < 3; ++use) {
    const auto result = db.Run({.statement = select});
    ASSERT_TRUE(result) << result.error().message;
    const sql::Columns& columns = result->rows.columns();
    EXPECT_EQ(result->rows[0][0].text, "ok");
    EXPECT_EQ(columns[0].type->kind, Kind::kEnum);
    EXPECT_EQ(columns[0].type->labels, (std::vector<std::string>{"sad", "ok", "happy"}));
    EXPECT_EQ(result->rows[0][1].kind, Kind::kArray);
    EXPECT_EQ(columns[1].type->element->name, "mood");
    EXPECT_EQ(result->rows[0][2].text, "(1,sad,{ok})");
    ASSERT_EQ(columns[2].type->attributes.size(), 3u);
    EXPECT_EQ(columns[2].type->attributes[2].type->element->kind, Kind::kEnum);
    EXPECT_EQ(columns[3].type->kind, Kind::kInteger);
  }
  const auto described = db.Wait(db.database->Describe(sql::Statement("select $1::even, $2::mood")));
  ASSERT_TRUE(described);
  EXPECT_EQ(described->parameters[0]->kind, Kind::kInteger);
  EXPECT_EQ(described->parameters[0]->name, "even");
  EXPECT_EQ(described->parameters[1]->kind, Kind::kEnum);
  EXPECT_EQ(described->access, sql::Access::kRead);
}

TEST_F(StatementTest, DescribeSeesATypeAsItIsNow) {
  for (const char* text : {"drop type if exists crate, fruit cascade", "create type fruit as enum ('fig')",
                           "create type crate as (f fruit[])"}) {
    ASSERT_TRUE(db.Run(text));
  }
  const sql::Statement statement("select $1::fruit, null::crate");
  const auto labels = [&] {
    const auto described = db.Wait(db.database->Describe(statement));
    if (!described) return std::vector<std::string>{described.error().message};
    EXPECT_EQ(described->columns[1].type->attributes[0].type->element->labels,
              described->parameters[0]->labels);
    return described->parameters[0]->labels;
  };
  EXPECT_EQ(labels(), std::vector<std::string>{"fig"});
  ASSERT_TRUE(db.Run("alter type fruit add value 'plum'"));
  EXPECT_EQ(labels(), (std::vector<std::string>{"fig", "plum"}));
  ASSERT_TRUE(db.Run("alter type fruit rename value 'fig' to 'date'"));
  EXPECT_EQ(labels(), (std::vector<std::string>{"date", "plum"}));
  const auto row = db.Run("select 'plum'::fruit");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->rows.columns()[0].type->labels, (std::vector<std::string>{"date", "plum"}));
}

TEST_F(StatementTest, ACompositeThatHasChangedIsSeenAsItIsNow) {
  DatabaseOptions options = Options();
  options.types_good_for = Duration{};
  OnLoop own(testing::SharedServer().url(), options);
  for (const char* text : {"drop type if exists duo cascade", "create type duo as (a int)"}) {
    ASSERT_TRUE(own.Run(text));
  }
  const sql::Statement select("select null::duo, null::duo[]");
  using Names = std::vector<std::string>;
  const auto names = [&] {
    Names found;
    for (int use = 0; use < 2; ++use) {  // the first one notices
      const auto result = own.Run({.statement = select});
      if (!result) return Names{result.error().message};
      const sql::Columns& columns = result->rows.columns();
      found.clear();
      for (const sql::Attribute& each : columns[0].type->attributes) found.push_back(each.name);
      EXPECT_EQ(columns[1].type->element->attributes.size(), found.size());
    }
    return found;
  };
  EXPECT_EQ(names(), Names{"a"});
  ASSERT_TRUE(own.Run("alter type duo add attribute b text"));
  EXPECT_EQ(names(), (Names{"a", "b"}));
  ASSERT_TRUE(own.Run("alter type duo rename attribute a to c"));
  EXPECT_EQ(names(), (Names{"c", "b"}));
}

TEST_F(StatementTest, PreparedStatementsAreBoundedAndComeBack) {
  std::vector<sql::Statement> statements;
  for (int n = 0; n < 100; ++n) statements.emplace_back("select " + std::to_string(n));
  for (int round = 0; round < 3; ++round) {
    for (std::size_t n = 0; n < statements.size(); ++n) {
      const auto result = db.Run({.statement = statements[n]});
      ASSERT_TRUE(result);
      ASSERT_EQ(result->rows[0][0].text, std::to_string(n));
    }
  }
  EXPECT_LE(db.metrics.prepared.value(), 20 * db.metrics.connections.value());
  EXPECT_GT(db.metrics.evicted.value(), 100u);
  const auto there = db.Run("select count(*) from pg_prepared_statements");
  EXPECT_LE(*there->rows[0][0].AsInteger(), 22);
}

TEST_F(StatementTest, AStatementThatIsStaleIsPreparedAndSentAgain) {
  DatabaseOptions options = Options();
  options.pool.shared_connections = 1;  // the one that has it prepared
  OnLoop one(testing::SharedServer().url(), options);
  ASSERT_TRUE(one.Run("drop table if exists changing"));
  ASSERT_TRUE(one.Run("create table changing as select 1 as a"));
  const sql::Call call{.statement = sql::Statement("select * from changing"), .access = sql::Access::kRead};
  for (int use = 0; use < 4; ++use) ASSERT_TRUE(one.Run(call));
  ASSERT_TRUE(one.Run("alter table changing add column b bytea default '\\x01'"));
  for (int use = 0; use < 4; ++use) {
    const auto result = one.Run(call);
    ASSERT_TRUE(result) << result.error().message;
    ASSERT_EQ(result->rows.columns().size(), 2u);
    EXPECT_EQ(result->rows[0][1].text, "\x01");
  }
  EXPECT_GE(one.metrics.resent.value(), 1u);
  // Gone: somebody deallocated it, in a way that cannot be refused.
  ASSERT_TRUE(one.Run("do $$ begin execute 'deallocate all'; end $$"));
  for (int use = 0; use < 8; ++use) {
    const auto result = one.Run(call);
    ASSERT_TRUE(result) << result.error().message;
  }
}

TEST_F(StatementTest, ASlowStatementLeavesTheSharedConnections) {
  const sql::Call slow{.statement = sql::Statement("select pg_sleep(0.3)")};
  ASSERT_TRUE(db.Run(slow));
  EXPECT_EQ(db.metrics.idle.value(), 0);
  ASSERT_TRUE(db.Run(slow));
  EXPECT_EQ(db.metrics.idle.value(), 1) << "it ran on an exclusive connection, which is idle now";
}

// What its keywords do not tell: a function that leaves a setting in the session.
TEST_F(StatementTest, ASettingThatAFunctionLeavesEndsItsConnection) {
  ASSERT_TRUE(db.Run(R"(create or replace function leave(name text, value text, is_local bool) returns void
      language plpgsql as $$ begin perform set_config(name, value, is_local); end $$)"));
  const sql::Statement leave("select leave($1, $2, $3)");
  const auto is_whole = [&] {
    return One("show timezone") == "UTC" && One("show datestyle") == "ISO, MDY" &&
           One("select session_user = "
               "current_user") == "t";
  };
  ASSERT_TRUE(db.Run({.statement = leave, .parameters = {"TimeZone", "Asia/Tokyo", true}}));
  EXPECT_EQ(db.metrics.disconnects.value(), 0u) << "what is local leaves nothing";
  const auto ended_and_made_anew = [&](std::uint64_t times) {
    return testing::DriveUntil(*db.loop, [&] {
      return db.metrics.disconnects.value() == times && db.metrics.connections.value() == 2;
    });
  };
  std::uint64_t ended = 0;
  for (const auto& [name, value] : {std::pair{"TimeZone", "Asia/Tokyo"}, std::pair{"DateStyle", "German"},
                                    std::pair{"IntervalStyle", "iso_8601"}}) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(db.Run({.statement = leave, .parameters = {name, value, false}}));
    EXPECT_TRUE(ended_and_made_anew(++ended));
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(is_whole());
  }
  ASSERT_TRUE(db.Run("do $$ begin set timezone to 'Asia/Tokyo'; end $$"));
  EXPECT_TRUE(ended_and_made_anew(++ended));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(is_whole());
}

TEST_F(StatementTest, ASettingThatATransactionLeavesEndsItsConnection) {
  for (const bool is_local : {true, false}) {
    const std::uint64_t before = db.metrics.disconnects.value();
    auto transaction = db.Wait(db.database->Begin({}));
    ASSERT_TRUE(transaction);
    const sql::Call set{.statement =
                            sql::Statement(is_local ? "set local timezone to 'Asia/Tokyo'"
                                                    : "do $$ begin set timezone to 'Asia/Tokyo'; end $$")};
    ASSERT_TRUE(db.Wait((*transaction)->Run(set)));
    const auto inside = db.Wait((*transaction)->Run({.statement = sql::Statement("show timezone")}));
    ASSERT_TRUE(inside);
    EXPECT_EQ(inside->rows[0][0].text, "Asia/Tokyo");
    ASSERT_TRUE(db.Wait((*transaction)->Commit()));
    transaction->reset();
    auto next = db.Wait(db.database->Begin({}));
    ASSERT_TRUE(next);
    const auto after = db.Wait((*next)->Run({.statement = sql::Statement("show timezone")}));
    ASSERT_TRUE(after);
    EXPECT_EQ(after->rows[0][0].text, "UTC");
    EXPECT_EQ(db.metrics.disconnects.value(), before + (is_local ? 0 : 1));
  }
}

TEST_F(StatementTest, FailuresInsideStreamsAndCopiesAreCounted) {
  const auto failures = [&](FailureKind kind) { return db.metrics.failures(kind).value(); };
  const auto stream_to_its_failure = [&](const char* text, sql::Limits limits) {
    auto stream = db.Wait(db.database->Stream({.statement = sql::Statement(text), .limits = limits}));
    while (stream) {
      const auto piece = db.Wait((*stream)->Next());
      if (!piece) return piece.error().kind;
      if (!*piece) return FailureKind::kInternal;
    }
    return stream.error().kind;
  };
  ASSERT_EQ(stream_to_its_failure("select 1 / (n - 1000) from generate_series(1, 2000) n", {}),
            FailureKind::kInvalidValue);
  EXPECT_EQ(failures(FailureKind::kInvalidValue), 1u);
  ASSERT_EQ(stream_to_its_failure("select n from generate_series(1, 2000) n", {.rows_max = 5}),
            FailureKind::kLimitExceeded);
  EXPECT_EQ(failures(FailureKind::kLimitExceeded), 1u);
  ASSERT_EQ(stream_to_its_failure("select nothing", {}), FailureKind::kInvalidStatement);
  EXPECT_EQ(failures(FailureKind::kInvalidStatement), 1u);
  EXPECT_FALSE(db.Wait(db.database->Describe(sql::Statement("select nothing"))));
  EXPECT_EQ(failures(FailureKind::kInvalidStatement), 2u);

  EXPECT_FALSE(db.Wait(db.database->BeginCopyIn(sql::Statement("select 1"))));
  EXPECT_FALSE(db.Wait(db.database->BeginCopyOut(sql::Statement("copy nothing to stdout"))));
  EXPECT_EQ(failures(FailureKind::kInvalidStatement), 4u);
  auto copy = db.Wait(db.database->BeginCopyOut(
      sql::Statement("copy (select 1 / (n - 1000) from generate_series(1, 2000) n) to "
                     "stdout")));
  ASSERT_TRUE(copy);
  while (const auto piece = db.Wait((*copy)->Next())) ASSERT_TRUE(*piece) << "it ends with its failure";
  EXPECT_EQ(failures(FailureKind::kInvalidValue), 2u);
}

TEST_F(StatementTest, WhatIsNoSyntaxInAValueIsTheValuesFault) {
  ASSERT_TRUE(db.Run("create table if not exists pairs (id int primary key)"));
  const std::string twice =
      "insert into pairs select unnest($1::int[]) on conflict (id) do update set id = 1";
  const std::string search = "select to_tsquery('simple', $1)";
  for (int run = 0; run < 3; ++run) {
    EXPECT_EQ(FailureOf(search, {"a b"}).kind, FailureKind::kInvalidValue);
    EXPECT_EQ(FailureOf("select * from pairs where to_tsvector('a') @@ to_tsquery($1)", {"a b"}).kind,
              FailureKind::kInvalidValue);
    EXPECT_EQ(FailureOf(twice, {"{7,7}"}).kind, FailureKind::kInvalidValue);
    EXPECT_EQ(FailureOf("selec 1").kind, FailureKind::kInvalidStatement);
  }
  auto stream = db.Wait(db.database->Stream({.statement = sql::Statement(search), .parameters = {"a b"}}));
  ASSERT_TRUE(stream);
  const auto piece = db.Wait((*stream)->Next());
  ASSERT_FALSE(piece);
  EXPECT_EQ(piece.error().kind, FailureKind::kInvalidValue);
}

TEST_F(StatementTest, TheSessionIsAsWeRelyOn) {
  EXPECT_EQ(One("select now()::text like '%+00'"), "t");
  EXPECT_EQ(One("show datestyle"), "ISO, MDY");
  EXPECT_EQ(One("show statement_timeout"), "3min");
  EXPECT_EQ(One("show lock_timeout"), "4min");
  EXPECT_EQ(One("show idle_in_transaction_session_timeout"), "5min");
  EXPECT_EQ(One("select 0.1::float8 + 0.2"), "0.30000000000000004");
}

std::vector<std::string>& LogLines() {
  static std::vector<std::string> lines;
  return lines;
}

TEST_F(StatementTest, AWarningOfTheServerIsLoggedAndANoticeIsNot) {
  LogLines().clear();
  log::SetSinkForTest([](std::string_view line) { LogLines().emplace_back(line); });
  ASSERT_TRUE(db.Run("do $$ begin raise notice 'nothing much'; end $$"));
  ASSERT_TRUE(db.Run("do $$ begin raise warning 'mind % the gap', 7; end $$"));
  log::SetSinkForTest(nullptr);
  EXPECT_EQ(db.metrics.notices.value(), 2u);
  const auto is_warning = [](const std::string& line) {
    return line.contains("WARN postgres.noticed severity=WARNING text=\"mind 7 the gap (01000)\"");
  };
  EXPECT_EQ(std::ranges::count_if(LogLines(), is_warning), 1);
  const auto is_noticed = [](const std::string& line) { return line.contains("postgres.noticed"); };
  EXPECT_EQ(std::ranges::count_if(LogLines(), is_noticed), 1);
}

}  // namespace
}  // namespace tidemill::postgres
