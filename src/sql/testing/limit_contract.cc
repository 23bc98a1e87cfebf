#include "sql/testing/limit_contract.h"

#include <random>

namespace tidemill::sql::testing {

std::string LimitContract::Name(const ParamInfo& info) { return info.param.name; }

namespace {

using TextLines = std::vector<std::string>;

class CountingSink final : public RowSink {
 public:
  void OnColumns(std::shared_ptr<const Columns>) override {}
  void OnRow(const Row&) override { ++rows; }

  std::size_t rows = 0;
};

constexpr const char* kManyPostgres = "select n, repeat('x', 100) from generate_series(1, $1::bigint) n";
constexpr const char* kManySqlite =
    "with recursive s(n) as (select 1 union all select n + 1 from s where n < $1) "
    "select n, printf('%0100d', n) from s";

}  // namespace

// A united build links all suites into each test.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LimitContract);

TEST_P(LimitContract, Rows) {
  for (const std::uint64_t limit : {1u, 10u, 1000u}) {
    const auto rows = static_cast<std::int64_t>(limit);
    Call call = Of(Either(kManyPostgres, kManySqlite), {rows}, Access::kRead);
    call.limits.rows_max = limit;
    const auto all = Run(call);
    ASSERT_TRUE(all) << all.error().message;
    EXPECT_EQ(all->rows.size(), limit);

    for (const std::int64_t more : {rows + 1, rows * 50}) {
      call.parameters = {more};
      const auto refused = Run(call);
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().kind, FailureKind::kLimitExceeded);
      auto sink = std::make_shared<CountingSink>();
      const auto streamed = Await(database().RunInto(call, sink));
      ASSERT_FALSE(streamed);
      EXPECT_EQ(streamed.error().kind, FailureKind::kLimitExceeded);
      EXPECT_LE(sink->rows, limit);
    }
    EXPECT_EQ(Lines("select 1"), TextLines{"1"});
  }
}

TEST_P(LimitContract, BytesOfAllFields) {
  Call call = Of(Either("select repeat('x', $1::integer)", "select replace(printf('%*s', $1, ''), ' ', 'x')"),
                 {std::int64_t{10'000}}, Access::kRead);
  call.limits.bytes_max = 10'000;
  const auto all = Run(call);
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->rows.bytes(), 10'000u);
  for (const std::int64_t bytes : {10'001, 20'000'000}) {
    call.parameters = {bytes};
    const auto refused = Run(call);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, FailureKind::kLimitExceeded);
  }
  Call many = Of(Either(kManyPostgres, kManySqlite), {std::int64_t{1000}}, Access::kRead);
  many.limits.bytes_max = 50'000;
  const auto refused = Run(many);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, FailureKind::kLimitExceeded);
  EXPECT_EQ(Lines("select 1"), TextLines{"1"});
}

// More than either database lets a value have: the database itself refuses to make it.
TEST_P(LimitContract, AGibibyteIsRefusedByName) {
  const auto refused =
      Run(Of(Either("select repeat('x', 1073741824)", "select zeroblob(1073741824)"), {}, Access::kRead));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, FailureKind::kLimitExceeded) << refused.error().message;
  EXPECT_EQ(Lines("select 1"), TextLines{"1"});
}

// A statement that writes and gives too much: what its effect is said to be is so.
TEST_P(LimitContract, AnEffectThatIsNoneLeftNothing) {
  CreateNumbers();
  Call call = Of("insert into numbers values (1), (2), (3) returning n");
  call.limits.rows_max = 2;
  const auto refused = Run(call);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, FailureKind::kLimitExceeded);
  const std::int64_t count = Count("numbers");
  EXPECT_TRUE(count == 0 || (count == 3 && refused.error().effect == Effect::kUnknown)) << count;
}

TEST_P(LimitContract, ADeadlineThatPasses) {
  for (int round = 0; round < 3; ++round) {
    const MonotonicTime start = SystemClock().Now();
    Call call = Of(Endless(), {}, Access::kRead);
    call.limits.deadline = In(Milliseconds(100));
    const auto late = Run(call);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind, FailureKind::kTimeout) << late.error().message;
    EXPECT_EQ(late.error().effect, Effect::kNone);
    EXPECT_GE(SystemClock().Now() - start, Milliseconds(99));
    EXPECT_LT(SystemClock().Now() - start, tidemill::testing::kPatience);
    EXPECT_EQ(Lines("select 1"), TextLines{"1"});
  }
}

TEST_P(LimitContract, ADeadlineThatHasPassed) {
  CreateNumbers();
  Call call = Of("insert into numbers values (1)");
  call.limits.deadline = In(Milliseconds(-1));
  const auto late = Run(call);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, FailureKind::kTimeout);
  EXPECT_EQ(late.error().effect, Effect::kNone);
  EXPECT_EQ(Count("numbers"), 0);
}

TEST_P(LimitContract, AWriteThatIsLateHasNoEffectOrAnUnknownOne) {
  CreateNumbers();
  Call call =
      Of(Either("insert into numbers select 1 from pg_sleep(600)", "insert into numbers " + Endless()));
  call.limits.deadline = In(Milliseconds(100));
  const auto late = Run(call);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, FailureKind::kTimeout) << late.error().message;
  EXPECT_EQ(Count("numbers"), 0) << "it could not have come to its end";
  Must("insert into numbers values (1)");
}

TEST_P(LimitContract, ADeadlineThatPassesTouchesNoOther) {
  std::vector<Outcome<RunResult>> outcomes(200);
  TaskScope scope;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    Call call = Of(Either("select $1::bigint", "select $1"), {static_cast<std::int64_t>(i)}, Access::kRead);
    if (i % 50 == 7) {
      call = Of(Endless(), {}, Access::kRead);
      call.limits.deadline = In(Milliseconds(150));
    }
    scope.Spawn(Keep(database(), std::move(call), outcomes[i]));
  }
  ASSERT_TRUE(DriveUntil([&] { return scope.running() == 0; }));
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (i % 50 == 7) {
      ASSERT_FALSE(*outcomes[i]);
      EXPECT_EQ(outcomes[i]->error().kind, FailureKind::kTimeout);
    } else {
      ASSERT_TRUE(*outcomes[i]) << i << " " << outcomes[i]->error().message;
      EXPECT_EQ(ToLines((*outcomes[i])->rows), TextLines{std::to_string(i)});
    }
  }
}

// More of them than there can be connections: a read that nobody waits for is cancelled.
TEST_P(LimitContract, ReadsThatNobodyWaitsForMakeRoom) {
  for (int round = 0; round < 3; ++round) {
    std::vector<Outcome<RunResult>> outcomes(40);
    {
      TaskScope scope;
      for (auto& outcome : outcomes) {
        scope.Spawn(Keep(database(), Of(Endless(), {}, Access::kRead), outcome));
      }
      for (int turn = 0; turn < 10; ++turn) loop().RunOnce(Milliseconds(10));
    }
    for (int i = 0; i < 40; ++i) {
      const auto result = Run("select 1", {}, Access::kRead);
      ASSERT_TRUE(result) << result.error().message;
    }
    for (const auto& outcome : outcomes) EXPECT_FALSE(outcome);
  }
}

TEST_P(LimitContract, TasksDestroyedWhileTheyWaitTouchNoOther) {
  std::mt19937 random(7);
  CreateNumbers();
  std::vector<Outcome<RunResult>> outcomes(600);
  std::vector<std::unique_ptr<TaskScope>> scopes;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const auto n = static_cast<std::int64_t>(i);
    Call call = Of(Either("select $1::bigint", "select $1"), {n}, Access::kRead);
    if (i % 4 == 1) call = Of("insert into numbers values ($1) returning n", {n});
    scopes.push_back(std::make_unique<TaskScope>());
    scopes.back()->Spawn(Keep(database(), std::move(call), outcomes[i]));
    if (i % 3 == 2) scopes[i - random() % 3].reset();
    if (random() % 8 == 0) loop().RunOnce(Milliseconds(1));
  }
  ASSERT_TRUE(DriveUntil([&] {
    for (const auto& scope : scopes) {
      if (scope && scope->running() > 0) return false;
    }
    return true;
  }));
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (!scopes[i]) continue;
    ASSERT_TRUE(outcomes[i] && *outcomes[i]) << i;
    EXPECT_EQ(ToLines((*outcomes[i])->rows), TextLines{std::to_string(i)});
  }
}

TEST_P(LimitContract, TenThousandCallsAtOnceEachGetTheirOwnAnswer) {
  CreateNumbers();
  std::vector<Outcome<RunResult>> outcomes(10'000);
  const Statement insert(Both("insert into numbers values ($1) returning n"));
  const Statement twice(Both("insert into numbers values ($1), ($1)"));
  const Statement tag(Either("select $1::bigint, 'tag'", "select ?1, 'tag'"));
  const auto call_of = [&](std::size_t i) -> Call {
    const auto n = static_cast<std::int64_t>(i);
    if (i % 10 == 3) return {.statement = insert, .parameters = {n}};
    if (i % 10 == 5) return {.statement = twice, .parameters = {n}};
    if (i % 10 == 7) {
      return {.statement = Statement("select missing_" + std::to_string(i),
                                     {.reuse = Reuse::kOnce, .parameter_oids = {}})};
    }
    return {.statement = tag, .parameters = {n}, .access = i % 2 == 0 ? Access::kRead : Access::kWrite};
  };
  TaskScope scope;
  for (std::size_t i = 0; i < outcomes.size(); ++i) scope.Spawn(Keep(database(), call_of(i), outcomes[i]));
  ASSERT_TRUE(DriveUntil([&] { return scope.running() == 0; }, Minutes(3)));
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const Result<RunResult>& outcome = *outcomes[i];
    const std::string n = std::to_string(i);
    if (i % 10 == 5 || i % 10 == 7) {
      ASSERT_FALSE(outcome) << i;
      const bool named = outcome.error().message.find("missing_" + n) != std::string::npos;
      ASSERT_EQ(named, i % 10 == 7) << outcome.error().message;
      ASSERT_EQ(outcome.error().kind,
                i % 10 == 5 ? FailureKind::kUniqueViolation : FailureKind::kInvalidStatement);
    } else {
      ASSERT_TRUE(outcome) << i << " " << outcome.error().message;
      ASSERT_EQ(ToLines(outcome->rows), TextLines{i % 10 == 3 ? n : n + " tag"});
    }
  }
  EXPECT_EQ(Count("numbers"), 1000);
}

}  // namespace tidemill::sql::testing
