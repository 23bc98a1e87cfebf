// Who floods waits for those who do not: turns and shares, counted in reads and calls. Time is a clock that
// the test moves.
#include <gtest/gtest.h>

#include <algorithm>
#include <climits>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "net/async.h"
#include "net/task_scope.h"
#include "net/testing/harness.h"
#include "net/turn_shares.h"

namespace tidemill::net {
namespace {

using testing::OpenLoop;
using testing::RecordingHandler;
using testing::RunTurns;
using testing::RunUntil;

Micros now_us = 1'000'000;

class Fairness : public ::testing::Test {
 protected:
  struct Peer {
    Fd fd;
    std::unique_ptr<Stream> stream;
    RecordingHandler handler;

    // Leaves nothing for the loop to find at the end of a read: there is always more.
    void Fill() {
      static const std::string kChunk(64 * 1024, 'f');
      while (send(fd.get(), kChunk.data(), kChunk.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
      }
    }
  };

  Peer& Add() {
    Peer& peer = peers_.emplace_back();
    auto [mine, theirs] = testing::SocketPair();
    peer.fd = std::move(mine);
    peer.stream = Stream::Adopt(*loop_, theirs.Release(), IpAddress{}, nullptr);
    peer.stream->SetHandler(&peer.handler);
    return peer;
  }
  void Turn() { loop_->RunOnce(Milliseconds(0)); }

  std::unique_ptr<Loop> loop_ = OpenLoop({.micros = [] { return now_us; }});
  std::deque<Peer> peers_;
};

// The peer always has more, and each of its sends is an edge of its own: it is read once in a turn all the
// same, in a thousand turns as in the first.
TEST_F(Fairness, AFloodIsReadOncePerTurnHoweverManyEdgesItMakes) {
  Peer& flooder = Add();
  Peer& witness = Add();
  for (int turn = 0; turn < 1000; ++turn) {
    flooder.Fill();
    testing::WriteAll(witness.fd.get(), "w");
    const int before = flooder.handler.reads;
    Turn();
    ASSERT_LE(flooder.handler.reads, before + 1) << "in turn " << turn;
    ASSERT_EQ(witness.handler.reads, turn + 1);
  }
  EXPECT_LE(flooder.handler.received.size(), 1001 * TurnLimits::kShareBytes);
  EXPECT_GE(flooder.handler.reads, 999);
}

TEST_F(Fairness, WhoJustCameIsReadBeforeThoseWhoHadTheirShare) {
  std::string order;
  Peer& flooder = Add();
  flooder.handler.on_data = [&](std::string_view) { order += 'f'; };
  flooder.Fill();
  Turn();
  Peer& witness = Add();
  witness.handler.on_data = [&](std::string_view) { order += 'w'; };
  flooder.Fill();
  testing::WriteAll(witness.fd.get(), "w");
  Turn();
  EXPECT_EQ(order, "fwf");
}

// A hundred flooders have together what a turn has for their kind, and take their turns one after the other.
TEST_F(Fairness, ManyFloodersShareTheTimeThatATurnHasForThem) {
  constexpr std::size_t kFlooders = 100;
  constexpr Micros kCost = 200;
  std::vector<Peer*> flooders;
  for (std::size_t i = 0; i < kFlooders; ++i) flooders.push_back(&Add());
  for (Peer* peer : flooders) peer->handler.on_data = [](std::string_view) { now_us += kCost; };
  const auto fill = [&] {
    for (Peer* peer : flooders) peer->Fill();
  };
  // The first edges are new, and take the time that a turn has for those.
  for (int turn = 0; turn < 40; ++turn) {
    fill();
    Turn();
  }
  for (Peer* peer : flooders) peer->handler.reads = 0;
  Peer& witness = Add();
  Turn();
  for (int turn = 0; turn < 100; ++turn) {
    fill();
    testing::WriteAll(witness.fd.get(), "w");
    const Micros began = now_us;
    const int reads = witness.handler.reads;
    Turn();
    ASSERT_EQ(witness.handler.reads, reads + 1);
    ASSERT_LE(now_us - began, TurnLimits::kBehind + kCost);
  }
  int least = INT_MAX;
  int most = 0;
  for (const Peer* peer : flooders) {
    least = std::min(least, peer->handler.reads);
    most = std::max(most, peer->handler.reads);
  }
  EXPECT_GE(least, 2);
  EXPECT_LE(most - least, 1);
}

// New edges have a limit in a turn too, and those beyond it are not lost.
TEST_F(Fairness, EventsBeyondTheTurnsTimeAreFirstInTheNext) {
  std::vector<Peer*> peers;
  for (int i = 0; i < 64; ++i) peers.push_back(&Add());
  Turn();
  for (Peer* peer : peers) {
    peer->handler.on_data = [](std::string_view) { now_us += 100; };
    testing::WriteAll(peer->fd.get(), "x");
  }
  int turns = 0;
  for (int seen = 0; seen < 64; ++turns) {
    const Micros began = now_us;
    Turn();
    EXPECT_LE(now_us - began, TurnLimits::kEvents + 400);
    seen = 0;
    for (const Peer* peer : peers) seen += peer->handler.reads;
    ASSERT_LT(turns, 10);
  }
  EXPECT_GT(turns, 2);
}

TEST_F(Fairness, WhatIsGivenBackComesAgainBeforeAnythingElseIsRead) {
  Peer& peer = Add();
  peer.handler.on_data = [&](std::string_view bytes) {
    if (bytes.size() > 1) peer.stream->GiveBack(bytes.substr(1));
  };
  testing::WriteAll(peer.fd.get(), "abc");
  Turn();
  testing::WriteAll(peer.fd.get(), "d");
  peer.fd.Reset();
  EXPECT_EQ(peer.handler.received, "abc");
  Turn();
  EXPECT_EQ(peer.handler.received, "abcbc");
  ASSERT_TRUE(RunUntil(*loop_, [&] { return peer.handler.closed > 0; }));
  EXPECT_EQ(peer.handler.received, "abcbccd");
}

TEST_F(Fairness, WhatIsGivenBackWaitsWhileReadingIsPaused) {
  Peer& peer = Add();
  bool once = true;
  peer.handler.on_data = [&](std::string_view bytes) {
    if (!std::exchange(once, false)) return;
    peer.stream->PauseReading();
    peer.stream->GiveBack(bytes.substr(2));
  };
  testing::WriteAll(peer.fd.get(), "abcd");
  RunTurns(*loop_);
  EXPECT_EQ(peer.handler.received, "abcd");
  peer.stream->ResumeReading();
  RunTurns(*loop_);
  EXPECT_EQ(peer.handler.received, "abcdcd");
}

// Closed is closed: what the peer goes on to send is dropped for a while, in turns as everybody's, and then
// not even read.
TEST_F(Fairness, AfterTheEndOnlySoMuchIsDropped) {
  Peer& peer = Add();
  Turn();
  peer.stream->CloseAfterFlush(Seconds(30), 300 * 1024);
  const std::string chunk(1024, 'x');
  std::size_t sent = 0;
  for (int quiet = 0; quiet < 10; ++quiet) {
    while (send(peer.fd.get(), chunk.data(), chunk.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
      sent += chunk.size();
      quiet = 0;
    }
    Turn();
  }
  EXPECT_GE(sent, 300u * 1024);
  EXPECT_LE(sent, 300u * 1024 + 1024 * 1024);  // and what a socket holds
  EXPECT_EQ(peer.handler.reads, 0);
  peer.fd.Reset();
  ASSERT_TRUE(RunUntil(*loop_, [&] { return peer.handler.closed > 0; }));
}

TEST_F(Fairness, MessagesBeyondTheTurnsTimeComeInTheNextInOrder) {
  std::string order;
  for (char c = 'a'; c <= 'z'; ++c) {
    loop_->Post([&order, c] {
      order += c;
      now_us += 100;
    });
  }
  Turn();
  EXPECT_GE(order.size(), 10u);
  EXPECT_LE(order.size(), 16u);
  loop_->Post([&order] { order += '.'; });
  while (loop_->mailbox_depth() > 0) loop_->RunOnce(Seconds(10));  // and does not wait
  EXPECT_EQ(order, "abcdefghijklmnopqrstuvwxyz.");
}

TEST_F(Fairness, TimersBeyondTheTurnsTimeFireInTheNext) {
  struct Slow final : Timer {
    void OnTimer() override {
      ++fired;
      now_us += 100;
    }
    int fired = 0;
  };
  std::deque<Slow> timers(50);
  for (Slow& timer : timers) loop_->timers().Schedule(timer, loop_->clock().Now());
  const auto fired = [&] {
    int sum = 0;
    for (const Slow& timer : timers) sum += timer.fired;
    return sum;
  };
  for (int before = 0, turns = 0; before < 50; ++turns) {
    loop_->RunOnce(Seconds(10));
    EXPECT_LE(fired() - before, 8);
    before = fired();
    ASSERT_LT(turns, 30);
  }
}

// Nine thousand clients that are closed at once: what is left of them goes over several turns, in order.
TEST_F(Fairness, WhatIsRetiredBeyondTheTurnsTimeIsDestroyedInTheNext) {
  struct Costly final : Retirable {
    Costly(std::deque<int>& d, int n) : destroyed(d), number(n) {}
    ~Costly() override {
      destroyed.push_back(number);
      now_us += 20;
    }
    std::deque<int>& destroyed;
    const int number;
  };
  constexpr int kObjects = 9000;
  std::deque<int> destroyed;
  loop_->Post([&] {
    for (int i = 0; i < kObjects; ++i) loop_->Retire(std::make_unique<Costly>(destroyed, i));
  });
  Peer& witness = Add();
  for (int turns = 0; destroyed.size() < kObjects; ++turns) {
    testing::WriteAll(witness.fd.get(), "w");
    const Micros began = now_us;
    loop_->RunOnce(Seconds(10));  // and does not wait
    ASSERT_LE(now_us - began, TurnLimits::kHookMost + 16 * 20);
    ASSERT_EQ(witness.handler.reads, turns + 1);
  }
  EXPECT_TRUE(std::ranges::is_sorted(destroyed));

  // None is left when the loop has ended, as what they refer to may go then.
  destroyed.clear();
  loop_->Post([&] {
    for (int i = 0; i < kObjects; ++i) loop_->Retire(std::make_unique<Costly>(destroyed, i));
    loop_->Stop();
  });
  loop_->Run();
  EXPECT_EQ(destroyed.size(), kObjects);
}

TEST_F(Fairness, ATaskCanLeaveTheRestForAnotherTurn) {
  TaskScope scope;
  int done = 0;
  const auto work = [](Loop& loop, int& pieces) -> Task<void> {
    for (int i = 0; i < 10; ++i) {
      ++pieces;
      now_us += 150;
      if (loop.ShareSpent()) co_await NextTurn(loop);
    }
  };
  loop_->Post([&] { scope.Spawn(work(*loop_, done)); });
  Turn();
  EXPECT_EQ(done, 3);  // the share is counted from the first time that it is asked about
  for (int turns = 0; turns < 3; ++turns) loop_->RunOnce(Seconds(10));
  EXPECT_EQ(done, 10);
}

TEST_F(Fairness, ATaskThatEndsWhileItWaitsForATurnGetsNone) {
  auto scope = std::make_unique<TaskScope>();
  bool resumed = false;
  const auto work = [](Loop& loop, bool& after) -> Task<void> {
    co_await NextTurn(loop);
    after = true;
  };
  scope->Spawn(work(*loop_, resumed));
  scope.reset();
  RunTurns(*loop_);
  EXPECT_FALSE(resumed);
}

}  // namespace
}  // namespace tidemill::net
