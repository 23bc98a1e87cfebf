#include "postgres/statements/slowness.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemill::postgres {
namespace {

using Speed = Slowness::Speed;

bool IsSlow(const Slowness& slowness, const sql::Statement& statement) {
  return slowness.SpeedOf(statement) == Speed::kSlow;
}

TEST(Slowness, IsDoubtedAfterOneLongRunOfManyShort) {
  Slowness slowness;
  const sql::Statement statement("select 1");
  for (int i = 0; i < 100; ++i) slowness.Note(statement, 100);
  slowness.Note(statement, 2 * Slowness::kVerySlowUs);
  EXPECT_EQ(slowness.SpeedOf(statement), Speed::kDoubtful);
  int runs = 0;
  for (; slowness.SpeedOf(statement) == Speed::kDoubtful; ++runs) slowness.Note(statement, 100);
  EXPECT_EQ(slowness.SpeedOf(statement), Speed::kFast);
  EXPECT_GT(runs, 5) << "not back at the first short run";
  EXPECT_LT(runs, 30);

  const sql::Call stalled[] = {{.statement = statement}};
  slowness.NoteStall(stalled);
  EXPECT_EQ(slowness.SpeedOf(statement), Speed::kDoubtful);
  slowness.Note(statement, 100);
  slowness.Note(statement, Slowness::kSlowUs + 1);
  EXPECT_EQ(slowness.SpeedOf(statement), Speed::kSlow);
}

TEST(Slowness, ComesWithOneLongRunOrSeveralAndGoesWithManyShort) {
  Slowness slowness;
  const sql::Statement statement("select 1");
  slowness.Note(statement, Slowness::kVerySlowUs + 1);
  EXPECT_TRUE(IsSlow(slowness, statement));
  int runs = 0;
  for (; IsSlow(slowness, statement); ++runs) slowness.Note(statement, 100);
  EXPECT_GT(runs, 5) << "not back at the first short run";
  EXPECT_LT(runs, 30);

  const sql::Statement other("select 1");
  EXPECT_FALSE(IsSlow(slowness, other));
  for (runs = 0; !IsSlow(slowness, other) && runs < 50; ++runs) slowness.Note(other, 60'000);
  EXPECT_TRUE(IsSlow(slowness, other));
  const sql::Statement between("select 2");
  for (int i = 0; i < 100; ++i) slowness.Note(between, 40'000);
  EXPECT_FALSE(IsSlow(slowness, between));
}

TEST(Slowness, AmongOthersIsKnownApartFromAlone) {
  Slowness slowness;
  const sql::Statement statement("insert");
  using enum Slowness::Company;
  slowness.Note(statement, Slowness::kVerySlowUs + 1, kAmongOthers);
  EXPECT_EQ(slowness.SpeedOf(statement, kAmongOthers), Speed::kSlow);
  EXPECT_EQ(slowness.SpeedOf(statement), Speed::kUntried);
  slowness.Note(statement, 100);
  EXPECT_EQ(slowness.SpeedOf(statement), Speed::kFast);
  EXPECT_EQ(slowness.SpeedOf(statement, kAmongOthers), Speed::kSlow);
}

TEST(Slowness, OfABulkIsThatOfTheWholeAndNotedOnceForEachStatement) {
  Slowness slowness;
  const sql::Statement statements[] = {sql::Statement("insert"), sql::Statement("update")};
  std::vector<sql::Call> bulk;
  for (int i = 0; i < 100; ++i) bulk.push_back({.statement = statements[i % 2]});
  using enum Slowness::Company;
  slowness.Note(bulk, 1000);
  for (const auto& statement : statements) EXPECT_EQ(slowness.SpeedOf(statement, kAmongOthers), Speed::kFast);
  slowness.Note(bulk, Slowness::kVerySlowUs + 1);
  for (const auto& statement : statements) {
    EXPECT_EQ(slowness.SpeedOf(statement, kAmongOthers), Speed::kDoubtful) << "once: it is no second time";
    EXPECT_EQ(slowness.SpeedOf(statement), Speed::kUntried);
  }
}

TEST(Slowness, IsBoundedAndNotKeptForWhatIsMadeAtRunTime) {
  Slowness slowness;
  const sql::Statement once("select 1", {.reuse = sql::Reuse::kOnce, .parameter_oids = {}});
  slowness.Note(once, 10'000'000);
  EXPECT_FALSE(IsSlow(slowness, once));
  const sql::Statement first("select 1");
  slowness.Note(first, 10'000'000);
  for (std::size_t i = 0; i < Slowness::kStatementsMax; ++i) {
    slowness.Note(sql::Statement(std::to_string(i)), 10'000'000);
  }
  EXPECT_FALSE(IsSlow(slowness, first)) << "it began anew";
}

}  // namespace
}  // namespace tidemill::postgres
