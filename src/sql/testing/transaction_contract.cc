#include "sql/testing/transaction_contract.h"

#include <random>

#include "sql/transact.h"

namespace tidemill::sql::testing {

std::string TransactionContract::Name(const ParamInfo& info) { return info.param.name; }

namespace {

using TextLines = std::vector<std::string>;
using TransactionPtr = std::unique_ptr<Transaction>;

Task<void> Discard(TransactionPtr transaction) {
  transaction.reset();
  co_return;
}

// Inserts `n` and, when that is done, n + 1; together.
Task<void> InsertTwo(Database& database, Statement insert, std::int64_t n) {
  auto transaction = co_await database.Begin({});
  if (!transaction) co_return;
  if (!co_await (*transaction)->Run({.statement = insert, .parameters = {n}})) co_return;
  if (!co_await (*transaction)->Run({.statement = insert, .parameters = {n + 1}})) co_return;
  (void)co_await (*transaction)->Commit();
}

Task<void> KeepAll(Database& database, std::vector<Call> calls, Outcome<std::vector<RunResult>>& outcome) {
  outcome.emplace(co_await database.RunAll(std::move(calls)));
}

struct Increment {
  Statement read;
  Statement write;
  int attempts = 0;

  // Reads the balance and writes one more: what is lost when two do it at once.
  static Task<Result<void>> Body(Increment& self, Transaction& transaction) {
    ++self.attempts;
    TM_CO_TRY_ASSIGN(const RunResult found, co_await transaction.Run({.statement = self.read}));
    const auto balance = found.rows[0][0].AsInteger();
    TM_CO_TRY(co_await transaction.Run({.statement = self.write, .parameters = {*balance + 1}}));
    co_return {};
  }
};

Task<void> KeepTransact(net::Loop& loop, Database& database, TransactOptions options, Increment& increment,
                        Outcome<void>& outcome) {
  outcome.emplace(co_await Transact(loop, database, options, [&increment](Transaction& transaction) {
    return Increment::Body(increment, transaction);
  }));
}

}  // namespace

// A united build links all suites into each test.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(TransactionContract);

TEST_P(TransactionContract, CommittedTogether) {
  CreateNumbers();
  auto transaction = Await(database().Begin({}));
  ASSERT_TRUE(transaction) << transaction.error().message;
  const auto first = Await((*transaction)->Run(Of("insert into numbers values (1) returning n")));
  ASSERT_TRUE(first);
  EXPECT_EQ(ToLines(first->rows), TextLines{"1"});
  EXPECT_EQ(first->rows_affected, 1u);
  ASSERT_TRUE(Await((*transaction)->Run(Of("insert into numbers values ($1)", {std::int64_t{2}}))));
  const auto own = Await((*transaction)->Run(Of("select count(*) from numbers")));
  ASSERT_TRUE(own);
  EXPECT_EQ(ToLines(own->rows), TextLines{"2"});
  const auto others = Run("select count(*) from numbers", {}, Access::kRead);
  ASSERT_TRUE(others) << others.error().message;
  EXPECT_EQ(ToLines(others->rows), TextLines{"0"}) << "nobody else sees it yet";
  ASSERT_TRUE(Await((*transaction)->Commit()));
  EXPECT_EQ(Count("numbers"), 2);
}

TEST_P(TransactionContract, RolledBack) {
  CreateNumbers();
  auto transaction = Await(database().Begin({}));
  ASSERT_TRUE(transaction);
  ASSERT_TRUE(Await((*transaction)->Run(Of("insert into numbers values (1)"))));
  Await((*transaction)->Rollback());
  EXPECT_EQ(Count("numbers"), 0);
  transaction->reset();
  Must("insert into numbers values (1)");
}

TEST_P(TransactionContract, RolledBackWhenDestroyed) {
  CreateNumbers();
  for (int round = 0; round < 20; ++round) {
    auto transaction = Await(database().Begin({}));
    ASSERT_TRUE(transaction) << transaction.error().message;
    if (round % 2 == 0) {
      ASSERT_TRUE(Await((*transaction)->Run(Of("insert into numbers values (1)"))));
    }
    Await(Discard(*std::move(transaction)));
  }
  EXPECT_EQ(Count("numbers"), 0);
  Must("insert into numbers values (1)");
}

TEST_P(TransactionContract, AfterAFailureThereIsOnlyRollback) {
  CreateNumbers();
  for (const bool commit : {false, true}) {
    auto transaction = Await(database().Begin({}));
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(Await((*transaction)->Run(Of("insert into numbers values (1)"))));
    const auto failed = Await((*transaction)->Run(Of("insert into numbers values (1)")));
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, FailureKind::kUniqueViolation);
    const auto after = Await((*transaction)->Run(Of("select 1")));
    ASSERT_FALSE(after);
    EXPECT_EQ(after.error().kind, FailureKind::kInvalidStatement);
    EXPECT_EQ(after.error().code, "25P02");
    if (commit) {
      const auto committed = Await((*transaction)->Commit());
      ASSERT_FALSE(committed);
      EXPECT_EQ(committed.error().kind, FailureKind::kInvalidStatement);
      EXPECT_EQ(committed.error().effect, Effect::kNone);
    } else {
      Await((*transaction)->Rollback());
    }
    transaction->reset();
    EXPECT_EQ(Count("numbers"), 0);
  }
}

TEST_P(TransactionContract, WhatMayOnlyReadWritesNothing) {
  CreateNumbers();
  auto transaction = Await(database().Begin({.access = Access::kRead}));
  ASSERT_TRUE(transaction);
  ASSERT_TRUE(Await((*transaction)->Run(Of("select 1"))));
  const auto refused = Await((*transaction)->Run(Of("insert into numbers values (1)")));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, FailureKind::kReadOnly);
  Await((*transaction)->Rollback());
  EXPECT_EQ(Count("numbers"), 0);
}

TEST_P(TransactionContract, AReadInsideAWriteTransactionWritesNothing) {
  CreateNumbers();
  const Statement count(Both("select count(*) from numbers"));
  auto transaction = Await(database().Begin({}));
  ASSERT_TRUE(transaction);
  for (std::int64_t n = 0; n < 3; ++n) {
    const auto seen = Await((*transaction)->Run({.statement = count, .access = Access::kRead}));
    ASSERT_TRUE(seen) << seen.error().message;
    EXPECT_EQ(ToLines(seen->rows), TextLines{std::to_string(n)}) << "its own writes";
    const auto written = Await((*transaction)->Run(Of("insert into numbers values ($1)", {n})));
    ASSERT_TRUE(written) << "it may write after a read: " << written.error().message;
    EXPECT_EQ(written->rows_affected, 1u);
  }
  ASSERT_TRUE(Await((*transaction)->Commit()));
  EXPECT_EQ(Count("numbers"), 3);

  auto refused = Await(database().Begin({}));
  ASSERT_TRUE(refused);
  ASSERT_TRUE(Await((*refused)->Run(Of("insert into numbers values (3)"))));
  const auto written = Await((*refused)->Run(Of("insert into numbers values (4)", {}, Access::kRead)));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, FailureKind::kReadOnly) << written.error().message;
  EXPECT_FALSE(Await((*refused)->Commit()));
  refused->reset();
  EXPECT_EQ(Count("numbers"), 3);
}

TEST_P(TransactionContract, OneSnapshotForAllStatements) {
  CreateNumbers();
  for (const Isolation isolation : {Isolation::kRepeatable, Isolation::kSerializable}) {
    const std::int64_t before = Count("numbers");
    auto transaction = Await(database().Begin({.access = Access::kRead, .isolation = isolation}));
    ASSERT_TRUE(transaction);
    for (int i = 0; i < 3; ++i) {
      const auto seen = Await((*transaction)->Run(Of("select count(*) from numbers", {}, Access::kRead)));
      ASSERT_TRUE(seen);
      EXPECT_EQ(ToLines(seen->rows), TextLines{std::to_string(before)});
      Must("insert into numbers values ((select count(*) from numbers))");
    }
    ASSERT_TRUE(Await((*transaction)->Commit()));
    EXPECT_EQ(Count("numbers"), before + 3);
  }
}

TEST_P(TransactionContract, ADeadlineEndsTheWhole) {
  CreateNumbers();
  const Call insert = Of("insert into numbers values (1)");
  // Its deadline is one that has not passed yet when it has inserted: a busy machine takes its time.
  const auto begin = [&](MonotonicTime& deadline) {
    for (std::int64_t ms = 200;; ms *= 2) {
      deadline = In(Milliseconds(ms));
      auto transaction = Await(database().Begin({.deadline = deadline}));
      const bool has_inserted = transaction && Await((*transaction)->Run(insert));
      if (has_inserted || ms > tidemill::testing::kPatience.ms) return transaction;
    }
  };
  MonotonicTime deadline;
  auto transaction = begin(deadline);
  ASSERT_TRUE(transaction);
  const auto late = Await((*transaction)->Run(Of(Endless())));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, FailureKind::kTimeout) << late.error().message;
  EXPECT_FALSE(Await((*transaction)->Commit()));
  transaction->reset();
  EXPECT_EQ(Count("numbers"), 0);

  auto idle = begin(deadline);
  ASSERT_TRUE(idle);
  ASSERT_TRUE(DriveUntil([&] { return SystemClock().Now() > deadline; }));
  Must("insert into numbers values (1)");  // the idle one holds nothing up any more
  const auto committed = Await((*idle)->Commit());
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().kind, FailureKind::kTimeout) << committed.error().message;
  idle->reset();
  EXPECT_EQ(Count("numbers"), 1);
}

TEST_P(TransactionContract, ATaskDestroyedInItsMiddleLeavesAllOrNothing) {
  CreateNumbers();
  const Statement insert(Both("insert into numbers values ($1)"));
  std::mt19937 random(11);
  for (std::int64_t round = 0; round < 60; ++round) {
    TaskScope scope;
    scope.Spawn(InsertTwo(database(), insert, round * 2));
    for (auto turns = random() % 12; turns > 0; --turns) loop().RunOnce(Milliseconds(1));
  }
  // In one statement: the last transaction may be committed at any moment.
  EXPECT_EQ(Count("numbers a where not exists (select 1 from numbers b where b.n = a.n + 1 - 2 * (a.n % 2))"),
            0);
  Must("insert into numbers values (-1)");
}

TEST_P(TransactionContract, RunAllHappensTogether) {
  CreateNumbers();
  std::vector<Call> calls;
  calls.push_back(Of("insert into numbers values (1)"));
  calls.push_back(
      Of("insert into numbers values ($1), ($2) returning n", {std::int64_t{2}, std::int64_t{3}}));
  calls.push_back(Of("select sum(n) from numbers"));
  const auto results = Await(database().RunAll(calls));
  ASSERT_TRUE(results) << results.error().message;
  ASSERT_EQ(results->size(), 3u);
  EXPECT_EQ((*results)[0].rows_affected, 1u);
  EXPECT_TRUE((*results)[0].rows.empty());
  EXPECT_EQ(ToLines((*results)[1].rows), (TextLines{"2", "3"}));
  EXPECT_EQ((*results)[1].rows_affected, 2u);
  EXPECT_EQ(ToLines((*results)[2].rows), TextLines{"6"});
  const auto none = Await(database().RunAll({}));
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->empty());
}

TEST_P(TransactionContract, RunAllGivesTheFirstFailureAndLeavesNothing) {
  CreateNumbers();
  Must("insert into numbers values (1)");
  std::vector<Call> calls;
  calls.push_back(Of("insert into numbers values (2)"));
  calls.push_back(Of("insert into numbers values (1)"));
  calls.push_back(Of("select nothing"));
  for (int round = 0; round < 3; ++round) {
    const auto failed = Await(database().RunAll(calls));
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, FailureKind::kUniqueViolation) << failed.error().message;
    EXPECT_EQ(failed.error().effect, Effect::kNone);
    EXPECT_EQ(Count("numbers"), 1);
  }
  calls.pop_back();
  calls.front().limits.deadline = In(Milliseconds(100));
  calls.back() = Of(Endless());
  const auto late = Await(database().RunAll(calls));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, FailureKind::kTimeout) << late.error().message;
  EXPECT_EQ(Count("numbers"), 1);

  const auto read_only = Await(database().RunAll(
      {Of("select 1", {}, Access::kRead), Of("insert into numbers values (5)", {}, Access::kRead)}));
  ASSERT_FALSE(read_only);
  EXPECT_EQ(read_only.error().kind, FailureKind::kReadOnly);
  EXPECT_EQ(Count("numbers"), 1);
}

TEST_P(TransactionContract, RunAllsResultsHaveALimitTogether) {
  const Call large =
      Of(Either("select repeat('x', $1::integer)", "select replace(printf('%*s', $1, ''), ' ', 'x')"),
         {std::int64_t{8'000'000}}, Access::kRead);
  const std::size_t fit = 8;  // the settings let one result have 64 MiB
  const auto results = Await(database().RunAll(std::vector(fit, large)));
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ(results->back().rows.bytes(), 8'000'000u);
  const auto refused = Await(database().RunAll(std::vector(fit + 1, large)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, FailureKind::kLimitExceeded);
  EXPECT_EQ(refused.error().effect, Effect::kNone);
  Call asks_for_more = large;
  asks_for_more.limits.bytes_max = 100'000'000;
  EXPECT_TRUE(Await(database().RunAll(std::vector(fit + 1, asks_for_more))));
}

TEST_P(TransactionContract, ManyRunAllsBesideEachOther) {
  CreateNumbers();
  Must("insert into numbers values (-1)");
  std::vector<Outcome<std::vector<RunResult>>> outcomes(300);
  TaskScope scope;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const auto n = static_cast<std::int64_t>(i);
    std::vector<Call> calls;
    calls.push_back(Of("insert into numbers values ($1) returning n", {n}));
    calls.push_back(Of("insert into numbers values ($1) returning n", {i % 2 == 0 ? n + 1000 : -1}));
    scope.Spawn(KeepAll(database(), std::move(calls), outcomes[i]));
  }
  ASSERT_TRUE(DriveUntil([&] { return scope.running() == 0; }));
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    ASSERT_EQ(outcomes[i]->has_value(), i % 2 == 0) << i;
    if (i % 2 == 0) {
      EXPECT_EQ(ToLines((**outcomes[i])[1].rows), TextLines{std::to_string(i + 1000)});
    }
  }
  EXPECT_EQ(Count("numbers"), 301);
}

TEST_P(TransactionContract, ConflictingTransactionsAllSucceedInTheEnd) {
  CreateNumbers();
  Must("insert into numbers values (0)");
  Increment increment{.read = Statement("select n from numbers"),
                      .write = Statement(Both("update numbers set n = $1"))};
  const TransactOptions options{.transaction = {.isolation = Isolation::kSerializable}, .attempts_max = 1000};
  std::vector<Outcome<void>> outcomes(16);
  TaskScope scope;
  for (auto& outcome : outcomes) {
    scope.Spawn(KeepTransact(loop(), database(), options, increment, outcome));
  }
  ASSERT_TRUE(DriveUntil([&] { return scope.running() == 0; }));
  for (const auto& outcome : outcomes) EXPECT_TRUE(*outcome) << outcome->error().message;
  EXPECT_EQ(Lines("select n from numbers"), TextLines{"16"});
  EXPECT_GE(increment.attempts, 16);
}

}  // namespace tidemill::sql::testing
