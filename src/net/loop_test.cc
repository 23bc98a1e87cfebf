#include "net/loop.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <uv.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "metrics/metrics.h"
#include "net/testing/harness.h"

namespace tidemill::net {
namespace {

using testing::OpenLoop;
using testing::RunTurns;
using testing::RunUntil;

struct Hook final : TurnEndHook {
  explicit Hook(std::function<void()> f) : function(std::move(f)) {}
  void OnTurnEnd() override { function(); }
  std::function<void()> function;
};

struct Ready final : Pollable {
  explicit Ready(std::function<void(std::uint32_t)> f) : function(std::move(f)) {}
  void OnReady(std::uint32_t epoll_events) override { function(epoll_events); }
  std::function<void(std::uint32_t)> function;
};

struct Noted final : Retirable {
  Noted(std::string& l, std::string n) : log(l), name(std::move(n)) {}
  ~Noted() override {
    log += "~" + name + ' ';
    if (at_end) at_end();
  }
  void OnRetire() override { log += "retire " + name + ' '; }
  std::string& log;
  std::string name;
  std::function<void()> at_end;
};

TEST(Loop, StopsFromAnyThreadEvenBeforeRun) {
  const auto loop = OpenLoop({.index = 2});
  loop->Stop();
  loop->Run();
  loop->Post([&] {
    EXPECT_TRUE(loop->IsCurrent());
    EXPECT_EQ(Loop::Current(), loop.get());
    EXPECT_EQ(metrics::CurrentSlot(), 3u);
    loop->Stop();
  });
  std::jthread([&] { loop->Run(); }).join();
  EXPECT_FALSE(loop->IsCurrent());
  EXPECT_EQ(Loop::Current(), nullptr);
}

TEST(Loop, TurnRunsMailboxSocketsTimersHooksThenDestroys) {
  ManualClock clock;
  const auto loop = OpenLoop({.clock = &clock});
  std::string log;
  Hook streams([&] { log += "streams "; });
  Hook fan_out([&] { log += "fan-out "; });
  auto [one, other] = testing::SocketPair();
  Ready socket([&](std::uint32_t) { log += "socket "; });
  ASSERT_TRUE(loop->Watch(one.get(), EPOLLIN | EPOLLET, socket));
  struct Tick final : Timer {
    explicit Tick(std::string& l) : log(l) {}
    void OnTimer() override { log += "timer "; }
    std::string& log;
  } timer(log);
  loop->timers().Schedule(timer, clock.Now());
  clock.Advance(Seconds(1));
  testing::WriteAll(other.get(), "x");
  loop->Post([&] {
    log += "message ";
    loop->Retire(std::make_unique<Noted>(log, "object"));
    loop->ArmTurnEnd(TurnEndRank::kStreams, streams);
    loop->ArmTurnEnd(TurnEndRank::kFanOut, fan_out);
    loop->ArmTurnEnd(TurnEndRank::kStreams, streams);
  });
  loop->RunOnce(Milliseconds(0));
  EXPECT_EQ(log, "message retire object socket timer fan-out streams ~object ");
  loop->Unwatch(one.get(), socket);
}

TEST(Loop, HooksAndObjectsThatComeUpAtTheEndBelongToTheSameTurn) {
  const auto loop = OpenLoop();
  std::string log;
  Hook second([&] {
    log += "second ";
    loop->Retire(std::make_unique<Noted>(log, "inner"));
  });
  Hook first([&] {
    log += "first ";
    loop->ArmTurnEnd(TurnEndRank::kFanOut, second);
  });
  Hook disarmed([&] { log += "disarmed "; });
  auto outer = std::make_unique<Noted>(log, "outer");
  outer->at_end = [&] { loop->ArmTurnEnd(TurnEndRank::kStreams, first); };
  loop->ArmTurnEnd(TurnEndRank::kFanOut, disarmed);
  loop->DisarmTurnEnd(disarmed);
  loop->Retire(std::move(outer));
  loop->RunOnce(Seconds(60));  // and does not wait
  EXPECT_EQ(log, "retire outer ~outer first second retire inner ~inner ");
}

TEST(Loop, NoEventReachesWhatWasUnwatchedInTheSameTurn) {
  const auto loop = OpenLoop();
  auto [a, a_peer] = testing::SocketPair();
  auto [b, b_peer] = testing::SocketPair();
  int calls = 0;
  std::unique_ptr<Ready> ready_a;
  std::unique_ptr<Ready> ready_b;
  // Whichever comes first ends both.
  const auto end_both = [&](std::uint32_t) {
    ++calls;
    loop->Unwatch(a.get(), *ready_a);
    loop->Unwatch(b.get(), *ready_b);
  };
  ready_a = std::make_unique<Ready>(end_both);
  ready_b = std::make_unique<Ready>(end_both);
  ASSERT_TRUE(loop->Watch(a.get(), EPOLLIN, *ready_a));
  ASSERT_TRUE(loop->Watch(b.get(), EPOLLIN, *ready_b));
  testing::WriteAll(a_peer.get(), "x");
  testing::WriteAll(b_peer.get(), "x");
  loop->ArmNextTurn(*ready_b);
  RunTurns(*loop);
  EXPECT_EQ(calls, 1);
}

TEST(Loop, NextTurnComesWithoutWaiting) {
  const auto loop = OpenLoop();
  int calls = 0;
  Ready again([&](std::uint32_t epoll_events) {
    EXPECT_EQ(epoll_events, 0u);
    if (++calls < 3) loop->ArmNextTurn(again);
  });
  loop->ArmNextTurn(again);
  for (int i = 0; i < 3; ++i) loop->RunOnce(Seconds(60));
  EXPECT_EQ(calls, 3);
}

TEST(Loop, WatchingARegularFileIsAnErrorNotACrash) {
  const auto loop = OpenLoop();
  Ready ready([](std::uint32_t) {});
  const auto watched = loop->Watch(-1, EPOLLIN, ready);
  ASSERT_FALSE(watched);
  EXPECT_EQ(watched.error().code, Errc::kInternal);
}

TEST(Loop, TracksItsLongestTurn) {
  const auto loop = OpenLoop();
  loop->meter().TakeLongest();
  loop->Post([] {
    const MonotonicTime until = SystemClock().Now() + Milliseconds(5);
    while (SystemClock().Now() < until) {
    }
  });
  RunTurns(*loop);
  EXPECT_GE(loop->meter().TakeLongest().wall, 3000);
  EXPECT_LT(loop->meter().TakeLongest().wall, 3000);
}

TEST(Loop, RunsTimersOfLibuv) {
  const auto loop = OpenLoop();
  RunTurns(*loop);
  uv_timer_t timer;
  int fired = 0;
  timer.data = &fired;
  uv_timer_init(loop->uv(), &timer);
  uv_timer_start(&timer, [](uv_timer_t* t) { ++*static_cast<int*>(t->data); }, 5, 5);
  EXPECT_TRUE(RunUntil(*loop, [&] { return fired >= 3; }));
  uv_timer_stop(&timer);
}

// What a callback of libuv starts to watch is watched, though nobody called uv() for it.
TEST(Loop, CallbacksOfLibuvMayWatchMore) {
  struct State {
    uv_timer_t timer;
    uv_poll_t poll;
    int fd = -1;
    bool readable = false;
  } state;
  const auto [one, other] = testing::SocketPair();
  state.fd = one.get();
  testing::WriteAll(other.get(), "x");
  const auto loop = OpenLoop();
  RunTurns(*loop);
  state.timer.data = &state;
  state.poll.data = &state;
  uv_timer_init(loop->uv(), &state.timer);
  const auto on_timer = [](uv_timer_t* timer) {
    auto& s = *static_cast<State*>(timer->data);
    uv_poll_init(timer->loop, &s.poll, s.fd);
    uv_poll_start(&s.poll, UV_READABLE, [](uv_poll_t* poll, int, int) {
      static_cast<State*>(poll->data)->readable = true;
      uv_poll_stop(poll);
    });
  };
  uv_timer_start(&state.timer, on_timer, 5, 0);
  EXPECT_TRUE(RunUntil(*loop, [&] { return state.readable; }));
}

TEST(Loop, MessagesLeftOverAreDestroyedWithIt) {
  const auto token = std::make_shared<int>(0);
  {
    const auto loop = OpenLoop();
    loop->Post([token] { FAIL() << "ran"; });
    EXPECT_EQ(loop->mailbox_depth(), 1u);
  }
  EXPECT_EQ(token.use_count(), 1);
}

}  // namespace
}  // namespace tidemill::net
