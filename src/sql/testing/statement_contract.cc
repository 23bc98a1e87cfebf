#include "sql/testing/statement_contract.h"

namespace tidemill::sql::testing {

std::string StatementContract::Name(const ParamInfo& info) { return info.param.name; }

namespace {

using TextLines = std::vector<std::string>;

// Writes down what it is told, one line each.
class RecordingSink final : public RowSink {
 public:
  void OnColumns(std::shared_ptr<const Columns> columns) override {
    std::string line = "columns";
    for (const Column& column : *columns) line += " " + column.name;
    lines.push_back(std::move(line));
    columns_ = std::move(columns);
  }
  void OnRow(const Row& row) override {
    Rows rows(columns_);
    rows.Append(row);
    lines.push_back(ToLines(rows).at(0));
  }

  TextLines lines;

 private:
  std::shared_ptr<const Columns> columns_;
};

TextLines Names(const Columns& columns) {
  TextLines names;
  for (const Column& column : columns) names.push_back(column.name);
  return names;
}

}  // namespace

// A united build links all suites into each test.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StatementContract);

TEST_P(StatementContract, GivesRowsInTheirOrderWithTheirColumns) {
  CreatePeople();
  Must("insert into people (id, age, name) values (2, null, 'Bo'), (1, 40, 'Ann')");
  const auto result = Run("select id, name as \"full name\", age from people order by id");
  ASSERT_TRUE(result);
  EXPECT_EQ(Names(result->rows.columns()), (TextLines{"id", "full name", "age"}));
  EXPECT_EQ(ToLines(result->rows), (TextLines{"1 Ann 40", "2 Bo ~"}));
  EXPECT_EQ(result->rows[0][0].kind, Kind::kInteger);
  EXPECT_EQ(result->rows[0][1].kind, Kind::kText);
  EXPECT_EQ(result->rows[1][2].kind, Kind::kNull);
  for (const Column& column : result->rows.columns()) EXPECT_NE(column.type, nullptr);
}

TEST_P(StatementContract, TellsNullFromEmptyText) {
  EXPECT_EQ(Lines("select null, ''"), TextLines{"~ "});
  const auto result = Run("select ''");
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->rows[0][0].is_null());
}

TEST_P(StatementContract, NoRowsStillHaveColumns) {
  CreatePeople();
  const auto result = Run("select id, name from people", {}, Access::kRead);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->rows.empty());
  EXPECT_EQ(Names(result->rows.columns()), (TextLines{"id", "name"}));
}

TEST_P(StatementContract, CountsTheRowsItChanges) {
  CreateNumbers();
  struct Case {
    const char* text;
    std::uint64_t affected;
    TextLines rows;
  };
  const Case cases[] = {
      {"insert into numbers values (1), (2), (3)", 3, {}},
      {"insert into numbers values (4) returning n, n * 2", 1, {"4 8"}},
      {"insert into numbers values (4) on conflict do nothing", 0, {}},
      {"update numbers set n = n + 10 where n > 2", 2, {}},
      {"select n from numbers where n < 3 order by n", 0, {"1", "2"}},
      {"delete from numbers where n > 10", 2, {}},
      {"delete from numbers where n > 10", 0, {}},
      {"create table others (n integer)", 0, {}},
      {"drop table others", 0, {}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto result = Run(c.text);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->rows_affected, c.affected);
    EXPECT_EQ(ToLines(result->rows), c.rows);
  }
  EXPECT_EQ(Count("numbers"), 2);
}

TEST_P(StatementContract, AStatementIsUsedAgainWithOtherParameters) {
  CreateNumbers();
  for (const Reuse reuse : {Reuse::kOften, Reuse::kOnce}) {
    const Statement insert(Both("insert into numbers values ($1)"), {.reuse = reuse, .parameter_oids = {}});
    const Statement find(Both("select n + 1 from numbers where n = $1"),
                         {.reuse = reuse, .parameter_oids = {}});
    for (std::int64_t i = 0; i < 20; ++i) {
      const std::int64_t n = i + (reuse == Reuse::kOnce ? 100 : 0);
      ASSERT_TRUE(Run({.statement = insert, .parameters = {n}}));
      const auto found = Run({.statement = find, .parameters = {n}, .access = Access::kRead});
      ASSERT_TRUE(found);
      EXPECT_EQ(ToLines(found->rows), TextLines{std::to_string(n + 1)});
    }
  }
  EXPECT_EQ(Count("numbers"), 40);
}

TEST_P(StatementContract, AReadSeesWhatWasWrittenBefore) {
  CreateNumbers();
  for (std::int64_t n = 1; n <= 50; ++n) {
    Must("insert into numbers values ($1)", {n});
    const auto count = Run("select count(*) from numbers", {}, Access::kRead);
    ASSERT_TRUE(count);
    EXPECT_EQ(ToLines(count->rows), TextLines{std::to_string(n)});
  }
}

// Postgres refuses once what it has planned for the old columns; nothing tries that again for the caller.
TEST_P(StatementContract, AStatementOutlivesAChangeOfItsTable) {
  CreateNumbers();
  Must("insert into numbers values (1)");
  const Call call{.statement = Statement("select * from numbers"), .access = Access::kRead};
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Run(call));
  Must("alter table numbers add column name text default 'one'");
  TextLines lines;
  for (int attempt = 0; attempt < 100 && lines.empty(); ++attempt) {
    const auto result = Run(call);
    if (result) lines = ToLines(result->rows);
    if (!result) {
      EXPECT_EQ(result.error().kind, FailureKind::kInvalidStatement);
    }
  }
  EXPECT_EQ(lines, TextLines{"1 one"});
}

TEST_P(StatementContract, ASinkGetsTheColumnsOnceAndThenTheRows) {
  auto sink = std::make_shared<RecordingSink>();
  const auto summary =
      Await(database().RunInto(Of("select 1 as a, 'x' as b union all select 2, null"), sink));
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->rows, 2u);
  EXPECT_EQ(summary->rows_affected, 0u);
  EXPECT_EQ(sink->lines, (TextLines{"columns a b", "1 x", "2 ~"}));

  CreateNumbers();
  sink = std::make_shared<RecordingSink>();
  const auto insert = Await(database().RunInto(Of("insert into numbers values (1), (2)"), sink));
  ASSERT_TRUE(insert);
  EXPECT_EQ(insert->rows, 0u);
  EXPECT_EQ(insert->rows_affected, 2u);

  sink = std::make_shared<RecordingSink>();
  const auto returning = Await(database().RunInto(Of("delete from numbers returning n"), sink));
  ASSERT_TRUE(returning);
  EXPECT_EQ(returning->rows, 2u);
  EXPECT_EQ(returning->rows_affected, 2u);
  EXPECT_EQ(sink->lines, (TextLines{"columns n", "1", "2"}));
}

TEST_P(StatementContract, ASinkGetsRowsOfAnyLength) {
  auto sink = std::make_shared<RecordingSink>();
  const std::string text =
      Either("select n, repeat('x', n) from generate_series(0, 3000) n",
             "with recursive s(n) as (select 0 union all select n + 1 from s where n < 3000) "
             "select n, replace(printf('%*s', n, ''), ' ', 'x') from s");
  const auto summary = Await(database().RunInto(Of(text), sink));
  ASSERT_TRUE(summary) << summary.error().message;
  ASSERT_EQ(sink->lines.size(), 3002u);
  for (std::size_t n = 0; n <= 3000; ++n) {
    ASSERT_EQ(sink->lines[n + 1], std::to_string(n) + " " + std::string(n, 'x'));
  }
}

TEST_P(StatementContract, DescribesWithoutRunning) {
  CreatePeople();
  const auto query = Await(
      database().Describe(Statement(Both("select id, name, age + 1 as older from people where id = $1"))));
  ASSERT_TRUE(query) << query.error().message;
  EXPECT_EQ(Names(query->columns), (TextLines{"id", "name", "older"}));
  ASSERT_EQ(query->parameters.size(), 1u);
  ASSERT_NE(query->parameters[0], nullptr);
  EXPECT_EQ(query->columns[0].type->kind, Kind::kInteger);
  EXPECT_EQ(query->columns[0].type->name, Either("integer", "INTEGER"));
  EXPECT_EQ(query->columns[1].type->kind, Kind::kText);
  if (!IsSqlite()) {  // SQLite's parameters have no types, and its columns no origin
    EXPECT_EQ(query->parameters[0]->name, "integer");
    EXPECT_NE(query->columns[0].table_oid, 0u);
    EXPECT_EQ(query->columns[1].attribute, 5);
    EXPECT_EQ(query->columns[2].table_oid, 0u);
  }
  const auto insert =
      Await(database().Describe(Statement(Both("insert into people (id, name) values ($1, $2)"))));
  ASSERT_TRUE(insert);
  EXPECT_EQ(insert->parameters.size(), 2u);
  EXPECT_TRUE(insert->columns.empty());
  EXPECT_EQ(insert->access, Access::kWrite);
  EXPECT_EQ(Count("people"), 0);
}

TEST_P(StatementContract, DescribesTheTablesAsTheyAreNow) {
  // More often than there are connections that could remember.
  const auto described = [&](int times) {
    int found = 0;
    for (int i = 0; i < times; ++i) {
      found += Await(database().Describe(Statement("select n from numbers"))) ? 1 : 0;
    }
    return found;
  };
  constexpr int kTimes = 32;
  EXPECT_EQ(described(kTimes), 0);
  CreateNumbers();
  EXPECT_EQ(described(kTimes), kTimes);
  ASSERT_TRUE(Run("drop table numbers"));
  EXPECT_EQ(described(kTimes), 0);
}

TEST_P(StatementContract, OneStatementIsOne) {
  CreateNumbers();
  for (const char* text : {"select 1; select 2", "insert into numbers values (1); drop table numbers"}) {
    SCOPED_TRACE(text);
    const auto described = Await(database().Describe(Statement(text)));
    ASSERT_FALSE(described);
    EXPECT_EQ(described.error().kind, FailureKind::kInvalidStatement);
    EXPECT_EQ(FailureOf(text).kind, FailureKind::kInvalidStatement);
  }
  EXPECT_EQ(Count("numbers"), 0);
  for (const char* text :
       {"select 1;", "select 1 ; ", "-- a; b\nselect 1", "select 1; -- done", "select ';'"}) {
    SCOPED_TRACE(text);
    EXPECT_TRUE(Await(database().Describe(Statement(text))));
    EXPECT_TRUE(Run(text));
  }
}

TEST_P(StatementContract, IsThere) { EXPECT_EQ(database().down_since(), std::nullopt); }

}  // namespace tidemill::sql::testing
