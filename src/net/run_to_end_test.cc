#include "net/run_to_end.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>

namespace tidemill {
namespace {

// Lets a task wait until the test opens it.
struct Gate {
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) { waiting = handle; }
  void await_resume() { waiting = nullptr; }
  void Open() { std::exchange(waiting, nullptr).resume(); }

  std::coroutine_handle<> waiting;
};

// Counts ends, whether by return or by destruction.
struct End {
  int& count;
  ~End() { ++count; }
};

// Changes state in two steps.
Task<std::unique_ptr<int>> TwoSteps(Gate& gate, int& steps, int& ended) {
  const End end{ended};
  ++steps;
  co_await gate;
  ++steps;
  co_return std::make_unique<int>(steps);
}

Task<int> AtOnce() { co_return 7; }

Task<void> Set(Gate& gate, bool& done) {
  co_await gate;
  done = true;
}

template <class T>
Task<void> Store(TaskScope& service, Task<T> task, std::optional<T>& out) {
  out = co_await RunToEnd(service, std::move(task));
}

Task<void> StoreDone(TaskScope& service, Task<void> task, bool& done) {
  co_await RunToEnd(service, std::move(task));
  done = true;
}

class RunToEndTest : public testing::Test {
 protected:
  void Ask() {
    service_.emplace();
    caller_.emplace();
    caller_->Spawn(Store(*service_, TwoSteps(gate_, steps_, ended_), got_));
  }

  Gate gate_;
  int steps_ = 0;
  int ended_ = 0;
  std::optional<std::unique_ptr<int>> got_;
  std::optional<TaskScope> service_;
  std::optional<TaskScope> caller_;
};

TEST_F(RunToEndTest, TheCallerGetsTheResult) {
  Ask();
  EXPECT_EQ(steps_, 1);
  EXPECT_FALSE(got_);
  EXPECT_EQ(service_->running(), 1u);
  gate_.Open();
  ASSERT_TRUE(got_);
  EXPECT_EQ(**got_, 2);
  EXPECT_EQ(service_->running(), 0u);
  EXPECT_EQ(caller_->running(), 0u);
}

TEST_F(RunToEndTest, TheTaskOutlivesItsCaller) {
  Ask();
  caller_.reset();
  EXPECT_EQ(ended_, 0);
  gate_.Open();
  EXPECT_EQ(steps_, 2);
  EXPECT_EQ(ended_, 1);
  EXPECT_FALSE(got_);
  EXPECT_EQ(service_->running(), 0u);
}

TEST_F(RunToEndTest, TheTaskEndsWithItsScope) {
  Ask();
  service_.reset();
  EXPECT_EQ(ended_, 1);
  EXPECT_EQ(steps_, 1);
  EXPECT_EQ(caller_->running(), 1u) << "never resumed";
  caller_.reset();
  EXPECT_FALSE(got_);
}

TEST_F(RunToEndTest, CallerAndScopeMayEndInEitherOrder) {
  Ask();
  caller_.reset();
  service_.reset();
  EXPECT_EQ(ended_, 1);
}

TEST(RunToEnd, ATaskThatDoesNotWaitIsDoneAtOnce) {
  TaskScope service;
  TaskScope caller;
  std::optional<int> got;
  caller.Spawn(Store(service, AtOnce(), got));
  EXPECT_EQ(got, 7);
}

Task<int> DropCaller(std::optional<TaskScope>& caller) {
  caller.reset();
  co_return 7;
}

TEST(RunToEnd, ATaskMayEndItsCallerBeforeItWaits) {
  TaskScope service;
  std::optional<TaskScope> caller(std::in_place);
  std::optional<int> got;
  caller->Spawn(Store(service, DropCaller(caller), got));
  EXPECT_FALSE(got);
  EXPECT_EQ(service.running(), 0u);
}

TEST(RunToEnd, ATaskWithoutAResult) {
  TaskScope service;
  Gate gate;
  bool set = false;
  bool answered = false;
  TaskScope caller;
  caller.Spawn(StoreDone(service, Set(gate, set), answered));
  EXPECT_FALSE(answered);
  gate.Open();
  EXPECT_TRUE(set);
  EXPECT_TRUE(answered);
}

TEST(RunToEnd, NothingRunsBeforeItIsAwaited) {
  TaskScope service;
  Gate gate;
  bool set = false;
  {
    const RunningToEnd<void> task = RunToEnd(service, Set(gate, set));
  }
  EXPECT_EQ(service.running(), 0u);
}

}  // namespace
}  // namespace tidemill
