// Thousands of answers that leave at the end of one turn leave in slices. Time is a clock that moves whenever
// it is read.
#include "net/stream_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>

#include "net/testing/harness.h"

namespace tidemill::net {
namespace {

Micros now_us = 1'000'000;
Micros step_us = 0;

class FlushTest : public ::testing::Test {
 protected:
  struct Peer {
    Fd fd;
    std::unique_ptr<Stream> stream;
    testing::RecordingHandler handler;

    std::string Got() const { return testing::ReadAvailable(fd.get()); }
  };

  FlushTest() { step_us = 0; }

  Peer& Add() {
    Peer& peer = peers_.emplace_back();
    auto [mine, theirs] = testing::SocketPair();
    peer.fd = std::move(mine);
    peer.stream = Stream::Adopt(*loop_, theirs.Release(), IpAddress{}, nullptr);
    peer.stream->SetHandler(&peer.handler);
    return peer;
  }
  void AddMany() {
    for (int i = 0; i < 1000; ++i) Add();
    Turn();
    (void)loop_->meter().TakeLongest();
    step_us = 160;  // 10 µs each: a look is taken for every 16 of them
  }
  void QueueOnAll(std::string_view bytes) {
    for (Peer& peer : peers_) peer.stream->Queue(bytes);
  }
  std::size_t Waiting() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        peers_, [](const Peer& peer) { return peer.stream && peer.stream->queued_bytes() > 0; }));
  }
  void Turn() { loop_->RunOnce(Milliseconds(0)); }

  std::unique_ptr<Loop> loop_ = testing::OpenLoop({.micros = [] { return now_us += step_us; }});
  std::deque<Peer> peers_;
};

TEST_F(FlushTest, ThousandsOfStreamsAreFlushedInShortTurns) {
  AddMany();
  QueueOnAll("a");
  int turns = 0;
  for (; Waiting() > 0; ++turns) {
    Turn();
    if (turns == 1) QueueOnAll("b");
    ASSERT_LT(turns, 100);
  }
  EXPECT_GE(turns, 5);
  EXPECT_LE(loop_->meter().TakeLongest().wall, 5000);
  for (const Peer& peer : peers_) ASSERT_EQ(peer.Got(), "ab");
}

TEST_F(FlushTest, WhoAsksMeanwhileDoesNotWaitForThem) {
  AddMany();
  QueueOnAll("a");
  Turn();
  ASSERT_GT(Waiting(), 500u);
  Peer& fresh = Add();
  fresh.stream->Queue("now");
  Turn();
  EXPECT_EQ(fresh.Got(), "now");
  EXPECT_GT(Waiting(), 300u);
}

TEST_F(FlushTest, TheyGetOnHoweverManyAskMeanwhile) {
  AddMany();
  std::deque<Peer*> busy;
  for (int i = 0; i < 500; ++i) busy.push_back(&Add());
  QueueOnAll("a");
  Turn();
  const std::size_t before = Waiting();
  for (int turn = 0; turn < 5; ++turn) {
    for (Peer* const peer : busy) peer->stream->Queue("b");
    Turn();
  }
  EXPECT_LT(Waiting(), before - 100);
}

TEST_F(FlushTest, WhoEndsMeanwhileIsForgotten) {
  AddMany();
  QueueOnAll("a");
  Turn();
  for (std::size_t i = 0; i < peers_.size(); i += 2) peers_[i].stream.reset();
  for (int turn = 0; Waiting() > 0; ++turn) {
    Turn();
    ASSERT_LT(turn, 100);
  }
  for (std::size_t i = 1; i < peers_.size(); i += 2) EXPECT_EQ(peers_[i].Got(), "a");
}

TEST_F(FlushTest, OneThatClosesAfterItsFlushSaysAllBefore) {
  AddMany();
  QueueOnAll("bye");
  for (Peer& peer : peers_) peer.stream->CloseAfterFlush(Seconds(10));
  for (int turn = 0; Waiting() > 0; ++turn) {
    Turn();
    ASSERT_LT(turn, 100);
  }
  for (const Peer& peer : peers_) EXPECT_EQ(peer.Got(), "bye");
}

}  // namespace
}  // namespace tidemill::net
