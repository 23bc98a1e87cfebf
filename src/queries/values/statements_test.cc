#include "queries/values/statements.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "queries/values/testing/described.h"

namespace tidemill::queries {
namespace {

using sql::Dialect;
using testing::Described;
using testing::MakeEndpoint;
using testing::TypeOf;
using Text = std::string;

std::shared_ptr<const Statements> StatementsOf(std::string path, std::string text,
                                               Dialect dialect = Dialect::kPostgres) {
  const Described described = {.columns = {{"id", TypeOf("int4")}, {"at", TypeOf("timestamptz")}},
                               .dialect = dialect};
  auto made = Statements::Make(MakeEndpoint(std::move(path), std::move(text), described), dialect);
  EXPECT_TRUE(made) << made.error();
  return *made;
}

sql::Call Only(const std::vector<sql::Call>& calls) {
  EXPECT_EQ(calls.size(), 1u);
  return calls.front();
}

constexpr char kSelect[] = "select id, at from orders where a = :a and b = :b and c = :a -- all";
constexpr char kInner[] = "select id, at from orders where a = $1 and b = $2 and c = $1";
const sql::Parameters kInput = {Text("x"), sql::Null()};

TEST(Statements, WithoutPagesTheFilesStatementRuns) {
  const auto statements = StatementsOf("a.get.sql", kSelect);
  const sql::Call call = Only(statements->Calls({.inputs = {kInput}}));
  EXPECT_EQ(call.statement.text(), kInner);
  EXPECT_EQ(call.parameters, kInput);
  EXPECT_EQ(call.access, sql::Access::kRead);
  EXPECT_EQ(call.statement.identity(), Only(statements->Calls({.inputs = {kInput}})).statement.identity());
  EXPECT_EQ(statements->CountFor({.preferences = {.count = Count::kExact}}), Count::kNone);
}

TEST(Statements, APageWrapsIt) {
  const auto statements = StatementsOf("a.get.sql", Text("-- @page\n-- @sort id|at\n") + kSelect);
  TypedRequest request{.inputs = {kInput}, .page = PageRequest{.limit = 20, .offset = 40}};
  const std::string wrapped = Text("select * from (\n") + kInner + "\n) as tidemill_rows";
  const sql::Call page = Only(statements->Calls(request));
  EXPECT_EQ(page.statement.text(), wrapped + "\nlimit $3 offset $4");
  EXPECT_EQ(page.parameters, (sql::Parameters{Text("x"), sql::Null(), std::int64_t{21}, std::int64_t{40}}));

  request.sort = {{.column = 1, .descending = true}};
  const sql::Call sorted = Only(statements->Calls(request));
  EXPECT_EQ(sorted.statement.text(), wrapped + "\norder by \"at\" desc\nlimit $3 offset $4");
  EXPECT_EQ(sorted.statement.reuse(), sql::Reuse::kOften);
  EXPECT_EQ(sorted.statement.identity(), Only(statements->Calls(request)).statement.identity());

  request.sort.push_back({.column = 0, .nulls = Nulls::kFirst});
  const sql::Call several = Only(statements->Calls(request));
  EXPECT_EQ(several.statement.text(),
            wrapped + "\norder by \"at\" desc, \"id\" asc nulls first\nlimit $3 offset $4");
  EXPECT_EQ(several.statement.reuse(), sql::Reuse::kOnce);
  EXPECT_EQ(several.parameters, page.parameters);

  request.preferences.count = Count::kEstimated;
  EXPECT_EQ(statements->CountFor(request), Count::kEstimated);
  const sql::Call count = statements->CountCall(request, Count::kExact);
  EXPECT_EQ(count.statement.text(), Text("select count(*) from (\n") + kInner + "\n) as tidemill_rows");
  EXPECT_EQ(count.parameters, kInput);
  EXPECT_EQ(statements->CountCall(request, Count::kPlanned).statement.text(),
            Text("explain (format json)\n") + kInner);
  EXPECT_EQ(statements->All().size(), 8u);
}

TEST(Statements, AKeysetGoesOnBehindARow) {
  for (const bool descending : {false, true}) {
    const auto statements =
        StatementsOf("a.get.sql", Text("-- @page keyset at,id") + (descending ? " desc\n" : "\n") + kSelect);
    const std::string order =
        descending ? "\norder by \"at\" desc, \"id\" desc" : "\norder by \"at\" asc, \"id\" asc";
    TypedRequest request{.inputs = {kInput}, .page = PageRequest{.limit = 20}};
    EXPECT_TRUE(Only(statements->Calls(request)).statement.text().ends_with(order + "\nlimit $3"));
    request.page->after = {Text("2026"), Text("7")};
    const sql::Call after = Only(statements->Calls(request));
    EXPECT_TRUE(after.statement.text().ends_with(
        Text("\nwhere (\"at\", \"id\") ") + (descending ? "<" : ">") + " ($3, $4)" + order + "\nlimit $5"));
    EXPECT_EQ(after.parameters,
              (sql::Parameters{Text("x"), sql::Null(), Text("2026"), Text("7"), std::int64_t{21}}));
  }
}

TEST(Statements, SqliteHasItsOwnPlaces) {
  const auto statements = StatementsOf("a.get.sql", Text("-- @page\n") + kSelect, Dialect::kSqlite);
  TypedRequest request{
      .inputs = {kInput}, .page = PageRequest{.limit = 1}, .preferences = {.count = Count::kPlanned}};
  EXPECT_TRUE(Only(statements->Calls(request)).statement.text().ends_with("\nlimit ?3 offset ?4"));
  EXPECT_EQ(statements->CountFor(request), Count::kExact);
}

TEST(Statements, ABulkIsACallForEachElement) {
  const auto statements =
      StatementsOf("a.post.sql", "-- @tx\ninsert into a values (:b, :a); insert into c values (:a)");
  const std::vector<sql::Call> calls =
      statements->Calls({.inputs = {{Text("1"), Text("2")}, {Text("3"), Text("4")}}, .bulk = true});
  ASSERT_EQ(calls.size(), 4u);
  EXPECT_EQ(calls[0].statement.text(), "insert into a values ($1, $2)");
  EXPECT_EQ(calls[0].parameters, (sql::Parameters{Text("1"), Text("2")}));
  EXPECT_EQ(calls[1].statement.text(), "insert into c values ($1)");
  EXPECT_EQ(calls[1].parameters, (sql::Parameters{Text("2")}));
  EXPECT_EQ(calls[3].parameters, (sql::Parameters{Text("4")}));
  EXPECT_EQ(calls[3].access, sql::Access::kWrite);
  EXPECT_TRUE(statements->Calls({.bulk = true}).empty());
}

TEST(Statements, WhatCannotBeWrappedIsRefused) {
  const Described described = {.columns = {{"id", TypeOf("int4")}}};
  const auto problem = [&](std::string path, std::string text) {
    const auto made =
        Statements::Make(MakeEndpoint(std::move(path), std::move(text), described), Dialect::kPostgres);
    return made ? "" : made.error();
  };
  EXPECT_EQ(problem("a.post.sql", "-- @page\ninsert into a values (1) returning id"),
            "@page is for statements that only read");
  EXPECT_EQ(problem("a.get.sql", "-- @sort at\nselect 1"), "@sort: the statement gives no column at");
  EXPECT_EQ(problem("a.get.sql", "-- @page keyset at\nselect 1"),
            "@page keyset: the statement gives no column at");
}

TEST(RowsOfPlan, IsTheNumberAtTheTop) {
  EXPECT_EQ(RowsOfPlan(R"([{"Plan":{"Node Type":"Sort","Plan Rows":1234,"Plans":[{"Plan Rows":5}]}}])"),
            1234u);
  EXPECT_EQ(RowsOfPlan("[]"), std::nullopt);
  EXPECT_EQ(RowsOfPlan(R"([{"Plan":{"Plan Rows":-1}}])"), std::nullopt);
  EXPECT_EQ(RowsOfPlan("x"), std::nullopt);
}

}  // namespace
}  // namespace tidemill::queries
