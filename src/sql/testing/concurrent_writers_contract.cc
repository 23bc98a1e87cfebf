#include "sql/testing/concurrent_writers_contract.h"

namespace tidemill::sql::testing {

std::string ConcurrentWritersContract::Name(const ParamInfo& info) { return info.param.name; }

namespace {

Task<void> KeepRun(Transaction& transaction, Call call, Outcome<RunResult>& outcome) {
  outcome.emplace(co_await transaction.Run(std::move(call)));
}

}  // namespace

// A united build links all suites into each test.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ConcurrentWritersContract);

TEST_P(ConcurrentWritersContract, TheSecondToChangeWhatBothHaveSeenIsToldToTryAgain) {
  CreateNumbers();
  Must("insert into numbers values (1)");
  for (const Isolation isolation : {Isolation::kRepeatable, Isolation::kSerializable}) {
    auto first = Await(database().Begin({.isolation = isolation}));
    auto second = Await(database().Begin({.isolation = isolation}));
    ASSERT_TRUE(first && second);
    ASSERT_TRUE(Await((*second)->Run(Of("select n from numbers"))));
    ASSERT_TRUE(Await((*first)->Run(Of("update numbers set n = n + 1"))));
    ASSERT_TRUE(Await((*first)->Commit()));
    const auto conflict = Await((*second)->Run(Of("update numbers set n = n + 1")));
    ASSERT_FALSE(conflict);
    EXPECT_EQ(conflict.error().kind, FailureKind::kSerialization);
    EXPECT_TRUE(MayRetry(conflict.error()));
    Await((*second)->Rollback());
  }
  EXPECT_EQ(Lines("select n from numbers"), std::vector<std::string>{"3"});
}

// Each reads what the other writes, and neither waits: only the commit can tell.
TEST_P(ConcurrentWritersContract, WriteSkewIsFoundAtTheCommit) {
  CreateNumbers();
  auto first = Await(database().Begin({.isolation = Isolation::kSerializable}));
  auto second = Await(database().Begin({.isolation = Isolation::kSerializable}));
  ASSERT_TRUE(first && second);
  const Call insert = Of("insert into numbers select count(*) + $1 from numbers", {std::int64_t{100}});
  ASSERT_TRUE(Await((*first)->Run(insert)));
  const auto other = Await((*second)->Run(Of("insert into numbers select count(*) + 200 from numbers")));
  ASSERT_TRUE(other) << other.error().message;
  ASSERT_TRUE(Await((*first)->Commit()));
  const auto refused = Await((*second)->Commit());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, FailureKind::kSerialization);
  EXPECT_TRUE(MayRetry(refused.error()));
  EXPECT_EQ(Count("numbers"), 1);
}

TEST_P(ConcurrentWritersContract, ADeadlockEndsForOneOfThem) {
  Must("create table accounts (id integer primary key, balance integer)");
  Must("insert into accounts values (1, 0), (2, 0)");
  auto first = Await(database().Begin({}));
  auto second = Await(database().Begin({}));
  ASSERT_TRUE(first && second);
  ASSERT_TRUE(Await((*first)->Run(Of("update accounts set balance = 1 where id = 1"))));
  ASSERT_TRUE(Await((*second)->Run(Of("update accounts set balance = 2 where id = 2"))));
  Outcome<RunResult> outcomes[2];
  TaskScope scope;
  scope.Spawn(KeepRun(**first, Of("update accounts set balance = 1 where id = 2"), outcomes[0]));
  scope.Spawn(KeepRun(**second, Of("update accounts set balance = 2 where id = 1"), outcomes[1]));
  const auto failed = [&] {
    for (auto& outcome : outcomes) {
      if (outcome && !*outcome) return &outcome;
    }
    return static_cast<Outcome<RunResult>*>(nullptr);
  };
  ASSERT_TRUE(DriveUntil([&] { return failed() != nullptr; }));
  EXPECT_EQ((*failed())->error().kind, FailureKind::kSerialization);
  const bool first_lost = failed() == &outcomes[0];
  Await((first_lost ? *first : *second)->Rollback());
  ASSERT_TRUE(DriveUntil([&] { return scope.running() == 0; }));
  EXPECT_TRUE(Await((first_lost ? *second : *first)->Commit()));
  EXPECT_EQ(Lines("select balance from accounts"), std::vector<std::string>(2, first_lost ? "2" : "1"));
}

TEST_P(ConcurrentWritersContract, ALockThatIsNotGivenInTime) {
  CreateNumbers();
  Must("insert into numbers values (1)");
  auto holder = Await(database().Begin({}));
  ASSERT_TRUE(holder);
  ASSERT_TRUE(Await((*holder)->Run(Of("select n from numbers for update"))));
  const auto refused = Run("select n from numbers for update nowait");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, FailureKind::kLocked);
  EXPECT_EQ(Lines("select n from numbers for update skip locked"), std::vector<std::string>{});
  Await((*holder)->Rollback());
  EXPECT_TRUE(Run("select n from numbers for update nowait"));
}

}  // namespace tidemill::sql::testing
