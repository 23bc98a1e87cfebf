#include "sql/transact.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "net/task_scope.h"
#include "net/testing/harness.h"
#include "sql/testing/scripted_database.h"

namespace tidemill::sql {
namespace {

using testing::ScriptedDatabase;
using Lines = std::vector<std::string>;

const Failure kConflict{.kind = FailureKind::kSerialization, .message = "try again", .code = "40001"};
const Failure kDuplicate{.kind = FailureKind::kUniqueViolation, .message = "twice", .code = "23505"};
const Failure kLost{
    .kind = FailureKind::kSerialization, .effect = Effect::kUnknown, .message = "lost", .code = "40001"};

struct Bench {
  std::unique_ptr<net::Loop> loop = net::testing::OpenLoop();
  ScriptedDatabase database;
  std::optional<Result<void>> outcome;
  TaskScope scope;

  static Task<Result<void>> Body(Transaction& transaction) {
    TM_CO_TRY(co_await transaction.Run({.statement = Statement("a")}));
    TM_CO_TRY(co_await transaction.Run({.statement = Statement("b")}));
    co_return {};
  }
  static Task<void> Go(Bench& bench, TransactOptions options) {
    bench.outcome.emplace(co_await Transact(*bench.loop, bench.database, options,
                                            [](Transaction& transaction) { return Body(transaction); }));
  }
  Result<void> Run(TransactOptions options = {.pause_first = Milliseconds(1), .pause_max = Milliseconds(2)}) {
    scope.Spawn(Go(*this, options));
    EXPECT_TRUE(net::testing::RunUntil(*loop, [&] { return outcome.has_value(); }));
    return *outcome;
  }
  std::ptrdiff_t Times(const char* what) const { return std::ranges::count(database.log, what); }
};

TEST(Transact, CommitsWhatSucceeds) {
  Bench bench;
  EXPECT_TRUE(bench.Run());
  EXPECT_EQ(bench.database.log, (Lines{"begin", "run a", "run b", "commit", "end"}));
}

TEST(Transact, BeginsAgainWhenAStatementConflicts) {
  Bench bench;
  bench.database.failures["run"] = {std::nullopt, kConflict};
  EXPECT_TRUE(bench.Run());
  EXPECT_EQ(bench.database.log, (Lines{"begin", "run a", "run b", "rollback", "end", "begin", "run a",
                                       "run b", "commit", "end"}));
}

TEST(Transact, BeginsAgainWhenTheCommitConflicts) {
  Bench bench;
  bench.database.failures["commit"] = {kConflict, kConflict};
  EXPECT_TRUE(bench.Run());
  EXPECT_EQ(bench.Times("commit"), 3);
  EXPECT_EQ(bench.Times("run b"), 3);
}

TEST(Transact, GivesUpAfterItsAttempts) {
  Bench bench;
  bench.database.failures["commit"].assign(10, kConflict);
  const auto outcome =
      bench.Run({.attempts_max = 3, .pause_first = Milliseconds(1), .pause_max = Milliseconds(1)});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error(), kConflict);
  EXPECT_EQ(bench.Times("begin"), 3);
}

TEST(Transact, NothingElseIsTriedAgain) {
  for (const char* where : {"begin", "run", "commit"}) {
    for (const Failure& failure : {kDuplicate, kLost}) {
      SCOPED_TRACE(where);
      Bench bench;
      bench.database.failures[where] = {failure};
      const auto outcome = bench.Run();
      ASSERT_FALSE(outcome);
      EXPECT_EQ(outcome.error(), failure);
      EXPECT_EQ(bench.Times("begin"), 1);
    }
  }
}

TEST(Transact, AsksForTheTransactionItWasTold) {
  Bench bench;
  bench.database.failures["commit"] = {kConflict};
  const TransactionOptions asked{
      .access = Access::kRead, .isolation = Isolation::kSerializable, .deadline = MonotonicTime{5}};
  EXPECT_TRUE(bench.Run({.transaction = asked, .pause_first = Milliseconds(1)}));
  ASSERT_EQ(bench.database.begun.size(), 2u);
  for (const TransactionOptions& begun : bench.database.begun) {
    EXPECT_EQ(begun.access, asked.access);
    EXPECT_EQ(begun.isolation, asked.isolation);
    EXPECT_EQ(begun.deadline, asked.deadline);
  }
}

TEST(Transact, DestroyedWhileItPausesItBeginsNothingMore) {
  Bench bench;
  bench.database.failures["commit"].assign(10, kConflict);
  {
    TaskScope scope;
    scope.Spawn(Bench::Go(bench, {.pause_first = Hours(1), .pause_max = Hours(1)}));
    EXPECT_EQ(bench.Times("commit"), 1);
  }
  net::testing::RunTurns(*bench.loop);
  EXPECT_EQ(bench.database.log.back(), "end");
  EXPECT_EQ(bench.Times("begin"), 1);
}

}  // namespace
}  // namespace tidemill::sql
