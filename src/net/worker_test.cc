#include "net/worker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <latch>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "net/late_wakes.h"
#include "net/task_scope.h"
#include "net/testing/harness.h"

namespace tidemill::net {
namespace {

template <class F, class R = Worker::ResultOf<F>>
Task<void> Ask(Worker& worker, Loop& loop, F function, std::optional<R>& out) {
  out = co_await worker.Run(loop, std::move(function));
}

// Ends at once or waits, and notes nothing.
template <class F>
Task<void> Send(Worker& worker, Loop& loop, F function) {
  (void)co_await worker.Run(loop, std::move(function));
}

class WorkerTest : public ::testing::Test {
 protected:
  void Start(std::size_t accepted_max = 1000) {
    worker_ = *Worker::Start({.name = "test", .accepted_max = accepted_max});
  }
  template <class F>
  Worker::ResultOf<F> Run(F function) {
    std::optional<Worker::ResultOf<F>> got;
    scope_->Spawn(Ask(*worker_, *loop_, std::move(function), got));
    EXPECT_TRUE(testing::RunUntil(*loop_, [&] { return got.has_value(); }));
    return *std::move(got);
  }

  std::unique_ptr<Loop> loop_ = testing::OpenLoop();
  std::unique_ptr<Worker> worker_;
  std::optional<TaskScope> scope_{std::in_place};
};

TEST_F(WorkerTest, BringsResultsOfEveryKindBack) {
  Start();
  EXPECT_EQ(Run([] { return 7; }), Result<int>(7));
  EXPECT_TRUE(Run([] {}).has_value());
  EXPECT_EQ(**Run([] { return std::make_unique<int>(8); }), 8);
  EXPECT_EQ(Run([]() -> Result<int> { return Fail(Errc::kNotFound, "x"); }).error().code, Errc::kNotFound);
  EXPECT_EQ(worker_->depth(), 0u);
}

TEST_F(WorkerTest, AnswersOfAThreadMayWakeTheirLoopTogether) {
  Start();
  std::atomic<int> heard = 0;
  std::thread loop_thread([this] { loop_->Run(); });
  std::thread([&] {
    LateWakes wakes;
    {
      const LateWakes::Scope scope(wakes);
      for (int i = 0; i < 100; ++i) loop_->Post([&] { ++heard; });
      EXPECT_FALSE(wakes.empty());
    }
    LateWakes::FlushCurrent();  // none is current
    EXPECT_FALSE(wakes.empty());
  }).join();
  while (heard < 100) std::this_thread::yield();
  loop_->Stop();
  loop_thread.join();
}

TEST_F(WorkerTest, RunsOnAThreadThatIsNoLoop) {
  Start();
  const auto here = std::this_thread::get_id();
  EXPECT_EQ(Run([here] { return std::this_thread::get_id() != here && Loop::Current() == nullptr; }), true);
}

TEST_F(WorkerTest, KeepsTheOrder) {
  Start();
  auto order = std::make_shared<std::vector<int>>();
  for (int i = 0; i < 500; ++i) scope_->Spawn(Send(*worker_, *loop_, [order, i] { order->push_back(i); }));
  const auto seen = Run([order] { return *order; });
  ASSERT_EQ(seen->size(), 500u);
  EXPECT_TRUE(std::ranges::is_sorted(*seen));
}

TEST_F(WorkerTest, RefusesWhatIsOverItsLimit) {
  Start(3);
  std::latch open(1);
  for (int i = 0; i < 3; ++i) scope_->Spawn(Send(*worker_, *loop_, [&open] { open.wait(); }));
  EXPECT_EQ(worker_->depth(), 3u);
  EXPECT_EQ(Run([] {}).error().code, Errc::kLimitExceeded);
  EXPECT_EQ(worker_->depth(), 3u);
  open.count_down();
  EXPECT_TRUE(testing::RunUntil(*loop_, [&] { return scope_->running() == 0; }));
  EXPECT_TRUE(Run([] {}).has_value());
}

TEST_F(WorkerTest, StoppingRunsWhatWasAccepted) {
  Start();
  std::latch open(1);
  int ran = 0;
  scope_->Spawn(Send(*worker_, *loop_, [&open] { open.wait(); }));
  for (int i = 0; i < 100; ++i) scope_->Spawn(Send(*worker_, *loop_, [&ran] { ++ran; }));
  std::jthread opener([&open] { open.count_down(); });
  worker_.reset();
  EXPECT_EQ(ran, 100);
  EXPECT_TRUE(testing::RunUntil(*loop_, [&] { return scope_->running() == 0; })) << "the answers came";
}

TEST_F(WorkerTest, AWaiterMayBeDestroyedBeforeItsWorkEnds) {
  Start();
  std::latch open(1);
  int ran = 0;
  for (int i = 0; i < 3; ++i) {
    scope_->Spawn(Send(*worker_, *loop_, [&open, &ran] {
      open.wait();
      ++ran;
    }));
  }
  scope_.reset();
  open.count_down();
  worker_.reset();
  EXPECT_EQ(ran, 3);
  testing::RunTurns(*loop_);
}

TEST_F(WorkerTest, ServesSeveralLoops) {
  Start();
  int count = 0;  // the worker's
  constexpr int kEach = 200;
  // Opened and closed here: libuv closes descriptors where ThreadSanitizer does not see it.
  const std::array loops = {testing::OpenLoop(), testing::OpenLoop(), testing::OpenLoop()};
  std::vector<std::jthread> threads;
  for (const auto& loop : loops) {
    threads.emplace_back([&] {
      TaskScope scope;
      for (int n = 0; n < kEach; ++n) scope.Spawn(Send(*worker_, *loop, [&count] { ++count; }));
      EXPECT_TRUE(testing::RunUntil(*loop, [&] { return scope.running() == 0; }));
    });
  }
  threads.clear();
  EXPECT_EQ(Run([&count] { return count; }), 3 * kEach);
}

}  // namespace
}  // namespace tidemill::net
