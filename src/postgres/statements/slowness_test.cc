#include "postgres/statements/slowness.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemill::postgres {
namespace {

TEST(Slowness, ComesWithOneLongRunOrSeveralAndGoesWithManyShort) {
  Slowness slowness;
  const sql::Statement statement("select 1");
  for (int i = 0; i < 1000; ++i) slowness.Note(statement, 100);
  EXPECT_FALSE(slowness.IsSlow(statement));
  slowness.Note(statement, Slowness::kVerySlowUs + 1);
  EXPECT_TRUE(slowness.IsSlow(statement));
  int runs = 0;
  for (; slowness.IsSlow(statement); ++runs) slowness.Note(statement, 100);
  EXPECT_GT(runs, 5) << "not back at the first short run";
  EXPECT_LT(runs, 30);

  const sql::Statement other("select 1");
  EXPECT_FALSE(slowness.IsSlow(other));
  for (runs = 0; !slowness.IsSlow(other) && runs < 50; ++runs) slowness.Note(other, 60'000);
  EXPECT_TRUE(slowness.IsSlow(other));
  const sql::Statement between("select 2");
  for (int i = 0; i < 100; ++i) slowness.Note(between, 40'000);
  EXPECT_FALSE(slowness.IsSlow(between));
}

TEST(Slowness, IsBoundedAndNotKeptForWhatIsMadeAtRunTime) {
  Slowness slowness;
  const sql::Statement once("select 1", {.reuse = sql::Reuse::kOnce, .parameter_oids = {}});
  slowness.Note(once, 10'000'000);
  EXPECT_FALSE(slowness.IsSlow(once));
  const sql::Statement first("select 1");
  slowness.Note(first, 10'000'000);
  for (std::size_t i = 0; i < Slowness::kStatementsMax; ++i) {
    slowness.Note(sql::Statement(std::to_string(i)), 10'000'000);
  }
  EXPECT_FALSE(slowness.IsSlow(first)) << "it began anew";
}

}  // namespace
}  // namespace tidemill::postgres
