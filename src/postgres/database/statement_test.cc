#include <gtest/gtest.h>

#include <string>

#include "postgres/testing/on_loop.h"
#include "postgres/testing/postgres_server.h"

namespace tidemill::postgres {
namespace {

using sql::FailureKind;
using testing::OnLoop;

class StatementTest : public ::testing::Test {
 protected:
  static testing::PostgresServer& server() {
    static testing::PostgresServer there;
    return there;
  }
  OnLoop db{server().url()};
};

TEST_F(StatementTest, RowsComeBackTyped) {
  const auto result = db.Run("select 1 as n, 'x'::text as t, null::int as z, '\\x00ff'::bytea as b");
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_EQ(result->rows.size(), 1u);
  const sql::Row row = result->rows[0];
  EXPECT_EQ(row[0].AsInteger(), 1);
  EXPECT_EQ(row[1].text, "x");
  EXPECT_TRUE(row[2].is_null());
  EXPECT_EQ(row[3].text, std::string("\0\xff", 2));
  EXPECT_EQ(result->rows.columns()[1].type->name, "text");
}

TEST_F(StatementTest, AStreamGoesOn) {
  auto stream =
      db.Wait(db.database->Stream({.statement = sql::Statement("select n from generate_series(1, 250) n"),
                                   .access = sql::Access::kRead}));
  ASSERT_TRUE(stream);
  std::size_t rows = 0;
  for (;;) {
    auto piece = db.Wait((*stream)->Next());
    ASSERT_TRUE(piece) << piece.error().message << piece.error().code;
    if (!*piece) break;
    rows += (*piece)->size();
  }
  EXPECT_EQ(rows, 250u);
}

}  // namespace
}  // namespace tidemill::postgres
