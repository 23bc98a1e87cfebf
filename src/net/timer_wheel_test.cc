#include "net/timer_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "base/random.h"

namespace tidemill::net {
namespace {

constexpr MonotonicTime kStart{1'000'003};

struct TestTimer final : Timer {
  void OnTimer() override {
    ++fired;
    if (then) then();
  }
  int fired = 0;
  std::function<void()> then;
};

TEST(TimerWheel, FiresAtTheDeadlineOrUpToOneTickLater) {
  for (const std::int64_t delay_ms : {0, 1, 15, 16, 17, 1000, 65'535, 65'536, 65'537, 1'000'000}) {
    SCOPED_TRACE(delay_ms);
    TimerWheel wheel(kStart);
    TestTimer timer;
    const MonotonicTime deadline = kStart + Milliseconds(delay_ms);
    wheel.Schedule(timer, deadline);
    MonotonicTime now = kStart;
    while (timer.fired == 0) {
      const auto next = wheel.NextCheck();
      ASSERT_TRUE(next.has_value());
      ASSERT_GT(*next, now);
      now = *next;
      wheel.Advance(now);
    }
    EXPECT_GE(now, deadline);
    EXPECT_LE((now - deadline).ms, TimerWheel::kTick.ms);
    EXPECT_FALSE(timer.scheduled());
    EXPECT_EQ(wheel.NextCheck(), std::nullopt);
  }
}

TEST(TimerWheel, AGapLongerThanTheWheelFiresEachOnceInOrder) {
  TimerWheel wheel(kStart);
  std::vector<int> order;
  std::deque<TestTimer> timers(3);
  for (std::size_t i = 0; i < 3; ++i) {
    timers[i].then = [&order, i] { order.push_back(static_cast<int>(i)); };
    wheel.Schedule(timers[i], kStart + Seconds(10 + 10 * static_cast<std::int64_t>(i)));
  }
  TestTimer far;
  wheel.Schedule(far, kStart + Hours(5));
  wheel.Advance(kStart + Hours(4));
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(far.fired, 0);
  wheel.Advance(kStart + Hours(6));
  EXPECT_EQ(far.fired, 1);
}

TEST(TimerWheel, ATimerMayRescheduleItself) {
  TimerWheel wheel(kStart);
  TestTimer timer;
  MonotonicTime now = kStart;
  timer.then = [&] { wheel.Schedule(timer, now + Seconds(1)); };
  wheel.Schedule(timer, kStart + Seconds(1));
  for (int i = 0; i < 600; ++i) wheel.Advance(now = now + Milliseconds(100));
  EXPECT_GE(timer.fired, 53);  // each round takes 1.0 to 1.1 s here
  EXPECT_LE(timer.fired, 60);
}

TEST(TimerWheel, RescheduledIntoThePastItWaitsForTheNextAdvance) {
  TimerWheel wheel(kStart);
  TestTimer timer;
  timer.then = [&] { wheel.Schedule(timer, kStart); };
  wheel.Schedule(timer, kStart + Seconds(1));
  wheel.Advance(kStart + Hours(1));
  EXPECT_EQ(timer.fired, 1);
  wheel.Advance(kStart + Hours(2));
  EXPECT_EQ(timer.fired, 2);
}

TEST(TimerWheel, ATimerMayDestroyAnotherThatIsDueToo) {
  TimerWheel wheel(kStart);
  auto first = std::make_unique<TestTimer>();
  auto second = std::make_unique<TestTimer>();
  int fired = 0;
  first->then = [&] { ++fired, second.reset(); };
  second->then = [&] { ++fired, first.reset(); };
  wheel.Schedule(*first, kStart + Seconds(1));
  wheel.Schedule(*second, kStart + Seconds(1));
  wheel.Advance(kStart + Seconds(2));
  EXPECT_EQ(fired, 1);
}

TEST(TimerWheel, CancelledAndMovedTimersDoNotFireEarly) {
  TimerWheel wheel(kStart);
  TestTimer cancelled;
  TestTimer moved;
  wheel.Schedule(cancelled, kStart + Seconds(1));
  wheel.Schedule(moved, kStart + Seconds(1));
  wheel.Cancel(cancelled);
  wheel.Schedule(moved, kStart + Seconds(3));
  wheel.Advance(kStart + Seconds(2));
  EXPECT_EQ(cancelled.fired + moved.fired, 0);
  wheel.Advance(kStart + Seconds(4));
  EXPECT_EQ(cancelled.fired, 0);
  EXPECT_EQ(moved.fired, 1);
}

TEST(TimerWheel, TenThousandTimersFireOnceEachWithinATick) {
  struct Timed final : Timer {
    void OnTimer() override {
      ++fired;
      late_ms = (*now - deadline()).ms;
    }
    const MonotonicTime* now = nullptr;
    int fired = 0;
    std::int64_t late_ms = 0;
  };
  TimerWheel wheel(kStart);
  MonotonicTime now = kStart;
  std::deque<Timed> timers(10'000);
  for (Timed& timer : timers) {
    timer.now = &now;
    wheel.Schedule(timer, kStart + Milliseconds(static_cast<std::int64_t>(RandomBelow(200'000))));
  }
  while (const auto next = wheel.NextCheck()) wheel.Advance(now = *next);
  for (const Timed& timer : timers) {
    ASSERT_EQ(timer.fired, 1);
    ASSERT_GE(timer.late_ms, 0);
    ASSERT_LE(timer.late_ms, 2 * TimerWheel::kTick.ms);  // one for the tick, one for `now` within a tick
  }
}

TEST(TimerWheel, DestroyedTimerLeavesTheWheel) {
  TimerWheel wheel(kStart);
  {
    TestTimer timer;
    wheel.Schedule(timer, kStart + Seconds(1));
  }
  wheel.Advance(kStart + Seconds(2));
  EXPECT_EQ(wheel.NextCheck(), std::nullopt);
}

// Ten thousand timers that are hours away, as of idle connections and kept histories, and nothing else: a
// loop that sleeps until NextCheck wakes once a round.
TEST(TimerWheel, TimersThatAreFarAwayDoNotWakeTheLoopAtEachTick) {
  TimerWheel wheel(kStart);
  std::deque<TestTimer> timers(10'000);
  for (std::size_t i = 0; i < timers.size(); ++i) {
    wheel.Schedule(timers[i], kStart + Hours(2) + Milliseconds(static_cast<std::int64_t>(i) * 7));
  }
  MonotonicTime now = kStart;
  int wakes = 0;
  for (; now < kStart + Hours(2); ++wakes) {
    now = *wheel.NextCheck();
    wheel.Advance(now);
  }
  EXPECT_LE(wakes, 2 * 3600 / 65 + 2);
  while (const auto next = wheel.NextCheck()) wheel.Advance(now = *next);
  for (const TestTimer& timer : timers) ASSERT_EQ(timer.fired, 1);
}

TEST(TimerWheel, EveryTimerFiresInItsTickHoweverFarAwayAndHoweverIrregularTheTurns) {
  TimerWheel wheel(kStart);
  std::deque<TestTimer> timers(2000);
  MonotonicTime now = kStart;
  int late = 0;
  for (TestTimer& timer : timers) {
    wheel.Schedule(timer, kStart + Milliseconds(static_cast<std::int64_t>(RandomBelow(40'000'000))));
    timer.then = [&late, &now, &timer] { late += now < timer.deadline() ? 1 : 0; };
  }
  while (const auto next = wheel.NextCheck()) {
    ASSERT_GT(*next, now);
    // Sometimes the loop is late, by up to ten minutes.
    now =
        RandomBelow(100) == 0 ? *next + Milliseconds(static_cast<std::int64_t>(RandomBelow(600'000))) : *next;
    wheel.Advance(now);
    for (const TestTimer& timer : timers) {
      if (timer.scheduled()) ASSERT_GT((timer.deadline() + TimerWheel::kTick).ms, now.ms) << "it is overdue";
    }
  }
  EXPECT_EQ(late, 0) << "fired early";
  for (const TestTimer& timer : timers) ASSERT_EQ(timer.fired, 1);
}

// However many timers are due at once, those that have fired when there is no more time are all that was
// touched: nothing goes through all of them.
TEST(TimerWheel, AHundredThousandAtOnceFireInSlices) {
  constexpr std::size_t kTimers = 100'000;
  for (const Duration away : {Seconds(1), Seconds(600)}) {
    SCOPED_TRACE(away.ms);
    TimerWheel wheel(MonotonicTime{0});
    std::vector<TestTimer> timers(kTimers);
    for (TestTimer& timer : timers) wheel.Schedule(timer, MonotonicTime{0} + away);
    const MonotonicTime now = MonotonicTime{0} + away + TimerWheel::kTick;
    std::size_t fired = 0;
    std::int64_t longest_us = 0;
    for (int call = 0; fired < kTimers; ++call) {
      ASSERT_LT(call, 2000);
      std::size_t in_this_call = 0;
      const std::int64_t begin_us = MonotonicMicros();
      wheel.Advance(now, [&](Timer& timer) {
        timer.OnTimer();
        ++fired;
        return ++in_this_call < 100;
      });
      longest_us = std::max(longest_us, MonotonicMicros() - begin_us);
      EXPECT_LE(in_this_call, 100u);
      ASSERT_TRUE(fired == kTimers || *wheel.NextCheck() <= now);
    }
    RecordProperty("longest_us", static_cast<int>(longest_us));
    for (const TestTimer& timer : timers) ASSERT_EQ(timer.fired, 1);
  }
}

}  // namespace
}  // namespace tidemill::net
