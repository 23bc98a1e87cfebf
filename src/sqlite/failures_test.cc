#include "sqlite/failures.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "sqlite/testing/store_fixture.h"

namespace tidemill::sqlite {
namespace {

using sql::FailureKind;

TEST(Failures, NamesInMessages) {
  struct Case {
    const char* message;
    ConstraintNames names;
  };
  const Case cases[] = {
      {"UNIQUE constraint failed: people.email", {"", "people", "email"}},
      {"UNIQUE constraint failed: t.a, t.b", {"", "t", "a, b"}},
      {"UNIQUE constraint failed: index 'by lower(name)'", {"by lower(name)", "", ""}},
      {"NOT NULL constraint failed: people.name", {"", "people", "name"}},
      {"CHECK constraint failed: grown", {"grown", "", ""}},
      {"CHECK constraint failed: age >= 0, or x.y", {"age >= 0, or x.y", "", ""}},
      {"FOREIGN KEY constraint failed", {"", "", ""}},
      {"cannot store TEXT value in INTEGER column people.age", {"", "people", "age"}},
      {"UNIQUE constraint failed: ", {"", "", ""}},
      {"UNIQUE constraint failed: , , .", {"", "", ""}},
      {"UNIQUE constraint failed: index '", {"", "", ""}},
      {"", {"", "", ""}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.message);
    const ConstraintNames names = ParseConstraint(c.message);
    EXPECT_EQ(names.constraint, c.names.constraint);
    EXPECT_EQ(names.table, c.names.table);
    EXPECT_EQ(names.column, c.names.column);
  }
}

TEST(Failures, KindsOfCodes) {
  struct Case {
    int code;
    FailureKind kind;
    const char* name;
  };
  const Case cases[] = {
      {SQLITE_BUSY, FailureKind::kLocked, "SQLITE_BUSY"},
      {SQLITE_BUSY_SNAPSHOT, FailureKind::kSerialization, "SQLITE_BUSY_SNAPSHOT"},
      {SQLITE_FULL, FailureKind::kFull, "SQLITE_FULL"},
      {SQLITE_IOERR_FSYNC, FailureKind::kUnavailable, "SQLITE_IOERR_FSYNC"},
      {SQLITE_IOERR_ROLLBACK_ATOMIC, FailureKind::kUnavailable, "SQLITE_IOERR"},
      {SQLITE_CORRUPT_INDEX, FailureKind::kCorrupt, "SQLITE_CORRUPT_INDEX"},
      {SQLITE_NOTADB, FailureKind::kCorrupt, "SQLITE_NOTADB"},
      {SQLITE_READONLY, FailureKind::kReadOnly, "SQLITE_READONLY"},
      {SQLITE_TOOBIG, FailureKind::kLimitExceeded, "SQLITE_TOOBIG"},
      {SQLITE_AUTH, FailureKind::kPermissionDenied, "SQLITE_AUTH"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(KindOf(c.code, Step::kRun, ""), c.kind);
    EXPECT_EQ(CodeName(c.code), c.name);
  }
  EXPECT_EQ(KindOf(SQLITE_ERROR, Step::kPrepare, "near \"x\": syntax error"), FailureKind::kInvalidStatement);
  EXPECT_EQ(KindOf(SQLITE_ERROR, Step::kRun, "integer overflow"), FailureKind::kInvalidValue);
  EXPECT_EQ(KindOf(SQLITE_ERROR, Step::kRun, "no such table: t"), FailureKind::kInvalidStatement);
}

TEST(Failures, PositionsCountCharacters) {
  EXPECT_EQ(PositionOf("abc", 0), 1u);
  EXPECT_EQ(PositionOf("äöü", 4), 3u);
  EXPECT_EQ(PositionOf("abc", -1), 0u);
  EXPECT_EQ(PositionOf("abc", 4), 0u);
}

class ValuesTest : public testing::StoreTest {};

// SQLite keeps text byte for byte; what is no UTF-8, or has a NUL, comes back as it went in.
TEST_F(ValuesTest, TextIsKeptByteForByte) {
  Must("create table t (n integer primary key, x text) strict");
  for (const std::string& text :
       {std::string("a\0b", 3), std::string("\0", 1), std::string("\xff\xfe"), std::string("\xc3")}) {
    Must("insert or replace into t values (1, ?1)", {text});
    const auto back = Read("select x, typeof(x) from t");
    ASSERT_TRUE(back);
    EXPECT_EQ(back->rows[0][0].text, text);
    EXPECT_EQ(back->rows[0][1].text, "text");
  }
  // In a list it is JSON text, which is UTF-8.
  EXPECT_EQ(Must("select value from json_each(?1)", {std::vector<std::string>{"\xff"}}),
            Lines{"\xef\xbf\xbd"});
}

TEST_F(ValuesTest, EmptyBytesAreNotNull) {
  EXPECT_EQ(Must("select typeof(?1), typeof(?2), typeof(?3)", {sql::Bytes{}, std::string(), sql::Null{}}),
            Lines{"blob text null"});
}

TEST_F(ValuesTest, AValueThatIsTooLongIsRefused) {
  const sql::Failure failure = FailureOf("select length(zeroblob(300000000))");
  EXPECT_EQ(failure.kind, FailureKind::kLimitExceeded);
  EXPECT_EQ(failure.code, "SQLITE_TOOBIG");
  const auto bytes = Read("select zeroblob(70000000)");
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().kind, FailureKind::kLimitExceeded);
  settings().result_rows_max = 10;
  Close();
  EXPECT_EQ(FailureOf("select value from json_each('[1,2,3,4,5,6,7,8,9,10,11]')").kind,
            FailureKind::kLimitExceeded);
}

TEST_F(ValuesTest, ManyStatementsAreKeptAndTheOldestGiveWay) {
  settings().statements_max = 16;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 50; ++i) {
      const std::string n = std::to_string(i);
      EXPECT_EQ(Must("select " + n), Lines{n});
    }
  }
  const auto nested = Await(database().Write([](Connection& connection) -> sql::Result<std::int64_t> {
    const sql::Statement statement("select value from json_each('[1,2]')");
    std::int64_t sum = 0;
    TM_TRY_ASSIGN(Query outer, connection.Prepare(statement));
    for (;;) {
      TM_TRY_ASSIGN(const bool row, outer.Step());
      if (!row) return sum;
      TM_TRY_ASSIGN(Query inner, connection.Prepare(statement));
      while (inner.Step().value_or(false)) sum += outer.Integer(0) * inner.Integer(0);
    }
  }));
  EXPECT_EQ(nested, 9);
}

}  // namespace
}  // namespace tidemill::sqlite
