#include "net/until.h"

#include <gtest/gtest.h>

#include <coroutine>
#include <optional>
#include <utility>
#include <vector>

#include "net/testing/harness.h"

namespace tidemill::net {
namespace {

struct Gate {
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) { waiting = handle; }
  void await_resume() { waiting = nullptr; }

  std::coroutine_handle<> waiting;
};

// Notes when a task ends, whether by return or by destruction.
struct End {
  bool& ended;
  ~End() { ended = true; }
};

Task<Result<int>> Slow(Gate& gate, bool& ended) {
  const End end{ended};
  co_await gate;
  co_return 7;
}

Task<Result<int>> AtOnce() { co_return 7; }

Task<void> Race(Loop& loop, Task<Result<int>> task, std::optional<Result<int>>& out) {
  out = co_await Until(loop, loop.clock().Now() + Seconds(1), std::move(task));
}

class UntilTest : public ::testing::Test {
 protected:
  UntilTest() : loop_(testing::OpenLoop({.clock = &clock_})) {}

  void Begin() { scope_.emplace().Spawn(Race(*loop_, Slow(gate_, ended_), got_)); }
  void PassDeadline() {
    clock_.Advance(Seconds(2));
    testing::RunTurns(*loop_, 1);
  }

  ManualClock clock_;
  std::unique_ptr<Loop> loop_;
  Gate gate_;
  bool ended_ = false;
  std::optional<Result<int>> got_;
  std::optional<TaskScope> scope_;
};

TEST_F(UntilTest, ATaskInTimeGivesItsResult) {
  Begin();
  gate_.waiting.resume();
  EXPECT_EQ(got_, Result<int>(7));
  EXPECT_TRUE(ended_);
  PassDeadline();
  EXPECT_EQ(got_, Result<int>(7));
}

TEST_F(UntilTest, ATaskThatDoesNotWaitNeedsNoTurn) {
  scope_.emplace().Spawn(Race(*loop_, AtOnce(), got_));
  EXPECT_EQ(got_, Result<int>(7));
  testing::RunTurns(*loop_);
}

TEST_F(UntilTest, ALateTaskEndsWithTheTurn) {
  Begin();
  PassDeadline();
  ASSERT_TRUE(got_);
  EXPECT_EQ(got_->error().code, Errc::kTimeout);
  EXPECT_TRUE(ended_);
}

// The trap that the header names: between the deadline and the turn's end the task still runs.
TEST_F(UntilTest, ALateResultInTheTurnOfTheDeadlineIsDropped) {
  Begin();
  struct AfterDeadline final : Timer {
    void OnTimer() override {
      answered_before = got->has_value();
      ended_before = *ended;
      gate->waiting.resume();
    }
    Gate* gate = nullptr;
    std::optional<Result<int>>* got = nullptr;
    const bool* ended = nullptr;
    bool answered_before = false;
    bool ended_before = true;
  } late;
  late.gate = &gate_;
  late.got = &got_;
  late.ended = &ended_;
  loop_->timers().Schedule(late, clock_.Now() + Milliseconds(1500));
  PassDeadline();
  EXPECT_TRUE(late.answered_before);
  EXPECT_FALSE(late.ended_before) << "it was still there when the caller had gone on";
  EXPECT_TRUE(ended_);
  EXPECT_EQ(got_->error().code, Errc::kTimeout) << "the first outcome stays";
}

TEST_F(UntilTest, AResultJustBeforeTheDeadlineWins) {
  Begin();
  struct BeforeDeadline final : Timer {
    void OnTimer() override { gate->waiting.resume(); }
    Gate* gate = nullptr;
  } early;
  early.gate = &gate_;
  loop_->timers().Schedule(early, clock_.Now() + Milliseconds(500));
  PassDeadline();
  EXPECT_EQ(got_, Result<int>(7));
}

TEST_F(UntilTest, WithItsCallerTheTaskEndsWhenTheTurnDoes) {
  Begin();
  scope_.reset();
  EXPECT_FALSE(ended_);
  testing::RunTurns(*loop_, 1);
  EXPECT_TRUE(ended_);
  PassDeadline();
  EXPECT_FALSE(got_);
}

TEST_F(UntilTest, AResultAfterTheCallersEndGoesNowhere) {
  Begin();
  scope_.reset();
  gate_.waiting.resume();
  EXPECT_TRUE(ended_);
  testing::RunTurns(*loop_);
  EXPECT_FALSE(got_);
}

}  // namespace
}  // namespace tidemill::net
