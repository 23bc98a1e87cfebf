#include "net/stream.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/socket.h>

#include <algorithm>
#include <vector>

#include "net/connection_limiter.h"
#include "net/stream_pool.h"
#include "net/testing/harness.h"
#include "net/testing/slowdown.h"

namespace tidemill::net {
namespace {

using testing::OpenLoop;
using testing::ReadAvailable;
using testing::RecordingHandler;
using testing::RunTurns;
using testing::RunUntil;
using testing::WriteAll;

// A stream on one end of a TCP connection, the test on the other.
class StreamTest : public ::testing::Test {
 protected:
  StreamTest() : loop_(OpenLoop()) {
    auto [mine, theirs] = testing::TcpPair();
    peer_ = std::move(mine);
    stream_ = Stream::Adopt(*loop_, theirs.Release(), IpAddress{}, nullptr);
    stream_->SetHandler(&handler_);
    RunTurns(*loop_);
  }

  std::size_t SendOne(std::string_view bytes) {
    const iovec range{const_cast<char*>(bytes.data()), bytes.size()};
    return stream_->Send({&range, 1});
  }
  // Sends until the kernel takes no more; gives what it took.
  std::size_t FillKernel(std::string_view chunk) {
    std::size_t taken = 0;
    for (std::size_t sent = chunk.size(); sent == chunk.size();) taken += sent = SendOne(chunk);
    return taken;
  }

  std::unique_ptr<Loop> loop_;
  RecordingHandler handler_;
  std::unique_ptr<Stream> stream_;
  Fd peer_;
};

TEST_F(StreamTest, WhatIsQueuedInATurnLeavesTogetherAtItsEnd) {
  stream_->Queue("one ");
  stream_->Queue("two");
  EXPECT_EQ(stream_->queued_bytes(), 7u);
  EXPECT_EQ(ReadAvailable(peer_.get()), "");
  loop_->RunOnce(Milliseconds(0));
  EXPECT_EQ(ReadAvailable(peer_.get()), "one two");
  EXPECT_FALSE(stream_->owns_buffer());
}

TEST_F(StreamTest, SendPutsWhatIsPendingBeforeTheRanges) {
  stream_->Queue("first ");
  char second[] = "second ";
  char third[] = "third";
  const iovec ranges[] = {{second, 7}, {third, 0}, {third, 5}};
  EXPECT_EQ(stream_->Send(ranges), 12u);
  EXPECT_EQ(ReadAvailable(peer_.get()), "first second third");
  EXPECT_FALSE(stream_->owns_buffer());
}

TEST_F(StreamTest, SendTakesMoreRangesThanOneCallCarries) {
  char byte[] = "x";
  const std::vector<iovec> ranges(1000, iovec{byte, 1});
  EXPECT_EQ(stream_->Send(ranges), 1000u);
  EXPECT_EQ(ReadAvailable(peer_.get()).size(), 1000u);
}

TEST_F(StreamTest, SlowReaderGetsAllInOrderAndTheWriterIsToldWhenItMayGoOn) {
  std::string all;
  for (int i = 0; i < 1'000'000; ++i) all += std::to_string(i) + ' ';
  std::size_t taken = SendOne(all);
  ASSERT_LT(taken, all.size());
  EXPECT_TRUE(stream_->blocked());
  EXPECT_EQ(SendOne("refused while blocked"), 0u);
  handler_.on_writable = [&] { taken += SendOne(std::string_view(all).substr(taken)); };

  std::string got;
  ASSERT_TRUE(RunUntil(*loop_, [&] {
    got += ReadAvailable(peer_.get());
    return got.size() >= all.size();
  }));
  EXPECT_EQ(got, all);
  EXPECT_GT(handler_.writable, 0);
}

TEST_F(StreamTest, QueueWhileBlockedIsSentBeforeOnWritable) {
  std::size_t expected = FillKernel(std::string(100'000, 'a'));
  const std::string queued(50'000, 'b');
  stream_->Queue(queued);
  expected += queued.size();
  handler_.on_writable = [&] { EXPECT_EQ(stream_->queued_bytes(), 0u); };
  std::string got;
  ASSERT_TRUE(RunUntil(*loop_, [&] {
    got += ReadAvailable(peer_.get());
    return got.size() >= expected;
  }));
  EXPECT_TRUE(got.ends_with(queued));
  EXPECT_EQ(handler_.writable, 1);
  EXPECT_FALSE(stream_->owns_buffer());
}

TEST_F(StreamTest, DeliversDataThenThePeersEnd) {
  WriteAll(peer_.get(), "last words");
  peer_.Reset();
  handler_.on_data = [this](std::string_view) { EXPECT_EQ(handler_.closed, 0); };
  ASSERT_TRUE(RunUntil(*loop_, [this] { return handler_.closed > 0; }));
  EXPECT_EQ(handler_.received, "last words");
  EXPECT_TRUE(stream_->closed());
  RunTurns(*loop_);
  EXPECT_EQ(handler_.closed, 1);
}

TEST_F(StreamTest, AnswersAPeerThatClosedItsSendingHalf) {
  handler_.on_data = [this](std::string_view) { stream_->Queue("answer"); };
  WriteAll(peer_.get(), "question");
  shutdown(peer_.get(), SHUT_WR);
  ASSERT_TRUE(RunUntil(*loop_, [this] { return handler_.closed > 0; }));
  EXPECT_EQ(ReadAvailable(peer_.get()), "answer");
}

TEST_F(StreamTest, BrokenConnectionIsReportedFromTheLoopNotFromSend) {
  const linger reset_at_close{.l_onoff = 1, .l_linger = 0};
  setsockopt(peer_.get(), SOL_SOCKET, SO_LINGER, &reset_at_close, sizeof reset_at_close);
  peer_.Reset();
  EXPECT_EQ(SendOne("into the void"), 0u);
  stream_->Queue("more");
  EXPECT_EQ(handler_.closed, 0);
  RunTurns(*loop_);
  EXPECT_EQ(handler_.closed, 1);
  EXPECT_FALSE(stream_->owns_buffer());
}

TEST_F(StreamTest, CloseDropsEverythingAndCallsNobody) {
  stream_->Queue("never sent");
  stream_->Close();
  RunTurns(*loop_);
  EXPECT_EQ(handler_.closed, 0);
  EXPECT_EQ(stream_->queued_bytes(), 0u);
  char byte = 0;
  EXPECT_EQ(recv(peer_.get(), &byte, 1, 0), 0);
}

TEST_F(StreamTest, MayBeRetiredInsideItsOwnCallback) {
  handler_.on_data = [this](std::string_view) { loop_->Retire(std::move(stream_)); };
  WriteAll(peer_.get(), std::string(1'000'000, 'x').substr(0, 100'000));
  RunTurns(*loop_);
  EXPECT_EQ(handler_.reads, 1);
  EXPECT_EQ(handler_.closed, 0);
}

TEST_F(StreamTest, CloseAfterFlushSendsAllEvenToASlowReaderAndWaitsForTheEnd) {
  std::size_t expected = FillKernel(std::string(100'000, 'a'));
  stream_->Queue(std::string(1'000'000, 'b'));
  expected += 1'000'000;
  stream_->CloseAfterFlush(Seconds(30));
  stream_->Queue("too late");
  WriteAll(peer_.get(), "dropped");
  std::string got;
  ASSERT_TRUE(RunUntil(*loop_, [&] {
    got += ReadAvailable(peer_.get());
    return got.size() >= expected;
  }));
  char byte = 0;
  ASSERT_TRUE(RunUntil(*loop_, [&] { return recv(peer_.get(), &byte, 1, 0) == 0; }));
  EXPECT_EQ(got.size(), expected);
  EXPECT_EQ(handler_.received, "");
  EXPECT_EQ(handler_.closed, 0);
  peer_.Reset();
  ASSERT_TRUE(RunUntil(*loop_, [this] { return handler_.closed > 0; }));
  EXPECT_EQ(handler_.writable, 0);
}

TEST_F(StreamTest, PausedStreamReadsNothingUntilResumed) {
  stream_->PauseReading();
  WriteAll(peer_.get(), "later");
  RunTurns(*loop_);
  EXPECT_EQ(handler_.received, "");
  stream_->ResumeReading();
  EXPECT_EQ(handler_.received, "");
  RunTurns(*loop_);
  EXPECT_EQ(handler_.received, "later");
}

TEST_F(StreamTest, ReadNowDoesNotWaitForTheLoop) {
  WriteAll(peer_.get(), "early");
  stream_->ReadNow();
  EXPECT_EQ(handler_.received, "early");
}

TEST(StreamClose, LingerEndsAtItsDeadline) {
  ManualClock clock;
  const auto loop = OpenLoop({.clock = &clock});
  auto [peer, theirs] = testing::SocketPair();
  RecordingHandler handler;
  const auto stream = Stream::Adopt(*loop, theirs.Release(), IpAddress{}, nullptr);
  stream->SetHandler(&handler);
  stream->CloseAfterFlush(Seconds(5));
  clock.Advance(Seconds(4));
  RunTurns(*loop);
  EXPECT_EQ(handler.closed, 0);
  clock.Advance(Seconds(2));
  RunTurns(*loop);
  EXPECT_EQ(handler.closed, 1);
}

TEST(StreamLimiter, DestroyingAStreamReleasesItsPlace) {
  const auto limiter = ConnectionLimiter::Make({});
  const auto loop = OpenLoop();
  auto [peer, theirs] = testing::SocketPair();
  EXPECT_EQ(limiter->Admit(IpAddress{}), Admission::kAdmitted);
  auto stream = Stream::Adopt(*loop, theirs.Release(), IpAddress{}, nullptr, limiter.get());
  stream->Close();
  EXPECT_EQ(limiter->connections(), 1u);
  stream.reset();
  EXPECT_EQ(limiter->connections(), 0u);
}

TEST(StreamMemory, IdleStreamsOwnNoBuffer) {
  constexpr std::size_t kStreams = 1000;
  const auto loop = OpenLoop();
  std::vector<Fd> peers;
  std::vector<Fd> ends;
  for (std::size_t i = 0; i < kStreams; ++i) {
    auto [peer, end] = testing::SocketPair();
    peers.push_back(std::move(peer));
    ends.push_back(std::move(end));
  }
  RecordingHandler handler;
  std::vector<std::unique_ptr<Stream>> streams;
  streams.reserve(kStreams);
  handler.on_data = [&](std::string_view bytes) {
    for (const auto& stream : streams) stream->Queue(bytes);
  };
  const std::size_t before = mallinfo2().uordblks;
  for (Fd& end : ends) {
    streams.push_back(Stream::Adopt(*loop, end.Release(), IpAddress{}, nullptr));
    streams.back()->SetHandler(&handler);
  }
  RunTurns(*loop);
  WriteAll(peers[0].get(), std::string(1000, 'x'));
  ASSERT_TRUE(RunUntil(*loop, [&] { return handler.reads == 1; }));
  const auto owns_none = [&] {
    return std::ranges::none_of(streams, [](const auto& stream) { return stream->owns_buffer(); });
  };
  ASSERT_TRUE(RunUntil(*loop, owns_none));
  for (const Fd& peer : peers) EXPECT_EQ(ReadAvailable(peer.get()).size(), 1000u);
  EXPECT_LE(loop->stream_pool().spares(), StreamPool::kSparesMax);
  if (testing::kSanitized) return;
  // The pool's spares and the lists of the loop are in this figure too.
  const std::size_t per_stream = (mallinfo2().uordblks - before) / kStreams;
  RecordProperty("bytes_per_idle_stream", static_cast<int>(per_stream));
  EXPECT_LT(per_stream, 300u);
}

}  // namespace
}  // namespace tidemill::net
