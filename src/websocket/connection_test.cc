#include "websocket/connection.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "net/testing/harness.h"
#include "websocket/testing/client_frames.h"

namespace tidemill::websocket {
namespace {

using net::testing::ReadAvailable;
using net::testing::RunTurns;
using net::testing::RunUntil;
using net::testing::WriteAll;

std::string ServerFrame(Opcode opcode, std::string_view payload) {
  std::string frame;
  AppendFrameHeader({.opcode = opcode}, payload.size(), frame);
  return frame + std::string(payload);
}

std::string CloseFrame(int code, std::string_view reason = {}) {
  return ServerFrame(Opcode::kClose, ClosePayload(static_cast<CloseCode>(code), reason));
}

std::int64_t now_us = 1'000'000;  // of the loop's turns, moved by hand

// A connection on one end of a socket pair, the test as the client on the other.
class ConnectionTest : public testing::Test, public ConnectionHandler {
 protected:
  void Open(bool deflate = false) {
    auto [ours, theirs] = net::testing::SocketPair();
    client_ = std::move(theirs);
    auto stream = net::Stream::Adopt(*loop_, ours.Release(), {}, nullptr);
    connection_ = std::make_unique<Connection>(std::move(stream), options_,
                                               deflate ? MessageInflater::Make({}) : nullptr, *this);
    connection_->Start({});
  }

  void Send(const ClientFrame& frame) { WriteAll(client_.get(), Encode(frame)); }
  // What the client has received since the last call.
  std::string Received() {
    RunTurns(*loop_);
    return ReadAvailable(client_.get());
  }

  void OnMessage(Opcode kind, std::string_view payload) override {
    ++messages_;
    told_ += (kind == Opcode::kText ? "text(" : "binary(") + std::string(payload) + ") ";
    if (on_message_) on_message_();
  }
  void OnPong() override { told_ += "pong "; }
  void OnExtraFrames(std::size_t frames) override { extra_frames_ += frames; }
  void OnWritable() override { told_ += "writable "; }
  void OnClosed(CloseCode code, std::string_view reason) override {
    told_ += "closed(" + std::to_string(static_cast<int>(code));
    if (!reason.empty()) told_ += ", " + std::string(reason);
    told_ += ")";
  }

  ManualClock clock_;
  std::unique_ptr<net::Loop> loop_ =
      net::testing::OpenLoop({.clock = &clock_, .micros = [] { return now_us; }});
  ConnectionOptions options_{.limits = {}, .close_timeout = Seconds(5)};
  net::Fd client_;
  std::unique_ptr<Connection> connection_;
  std::function<void()> on_message_;
  std::string told_;
  int messages_ = 0;
  std::size_t extra_frames_ = 0;
};

TEST_F(ConnectionTest, HandsOnEveryMessageOfOneRead) {
  Open();
  WriteAll(client_.get(), Encode({.payload = "a"}) + Encode({.opcode = 2, .payload = "b"}) +
                              Encode({.opcode = 10}) + Encode({.payload = "c"}));
  RunTurns(*loop_);
  EXPECT_EQ(told_, "text(a) binary(b) pong text(c) ");
}

// However they came, messages that take long are handed on in several turns, in order; so are control frames.
TEST_F(ConnectionTest, LeavesWhatGoesBeyondItsShareForAnotherTurn) {
  Open();
  on_message_ = [] { now_us += net::TurnLimits::kShare / 2; };
  std::string frames;
  for (int i = 0; i < 20; ++i) frames += Encode({.payload = std::to_string(i)});
  WriteAll(client_.get(), frames + Encode({.opcode = 9, .payload = "last"}));
  for (int before = 0; messages_ < 20; before = messages_) {
    loop_->RunOnce(Seconds(10));
    ASSERT_LE(messages_ - before, 4);
    ASSERT_GT(messages_, before);
  }
  EXPECT_EQ(Received(), ServerFrame(Opcode::kPong, "last"));
  EXPECT_TRUE(told_.starts_with("text(0) text(1) ") && told_.ends_with("text(18) text(19) ")) << told_;
}

TEST_F(ConnectionTest, AFloodOfControlFramesIsReadInSharesToo) {
  Open();
  now_us = 1'000'000;
  std::string pongs;
  for (int i = 0; i < 20'000; ++i) pongs += Encode({.opcode = 10});
  WriteAll(client_.get(), pongs);
  for (std::size_t before = 0; extra_frames_ < 20'000; before = extra_frames_) {
    loop_->RunOnce(Seconds(10));
    ASSERT_LE(extra_frames_ - before, net::TurnLimits::kShareBytes / 6 + 1);
    ASSERT_GT(extra_frames_, before);
  }
}

TEST_F(ConnectionTest, WhileReadingIsPausedNothingOfTheSameReadIsHandedOn) {
  Open();
  on_message_ = [this] { connection_->stream().PauseReading(); };
  WriteAll(client_.get(), Encode({.payload = "a"}) + Encode({.opcode = 9}) + Encode({.payload = "b"}));
  EXPECT_EQ(Received(), "");
  EXPECT_EQ(told_, "text(a) ");
  on_message_ = nullptr;
  connection_->stream().ResumeReading();
  EXPECT_EQ(Received(), ServerFrame(Opcode::kPong, ""));
  EXPECT_EQ(told_, "text(a) text(b) ");
}

TEST_F(ConnectionTest, CountsFramesThatAreWorkAndNoMessage) {
  Open();
  std::string frames = Encode({.opcode = 9}) + Encode({.opcode = 10}) + Encode({.payload = "whole"});
  frames += Encode({.payload = "", .final = false});
  for (int i = 0; i < 62; ++i) frames += Encode({.opcode = 0, .payload = "x", .final = false});
  frames += Encode({.opcode = 0});
  WriteAll(client_.get(), frames);
  RunTurns(*loop_);
  EXPECT_EQ(messages_, 2);
  EXPECT_EQ(extra_frames_, 2u + 64 / 16);
}

// A compressed bomb behind the Close: if it were inflated, it would be found to be damaged.
TEST_F(ConnectionTest, InflatesNothingOnceItIsClosing) {
  Open(true);
  connection_->Close(3000, "enough");
  std::string bombs;
  for (int i = 0; i < 100; ++i) {
    bombs += Encode({.payload = "\xff\xff\xff", .final = i % 2 == 0, .reserved_bits = 4});
    if (i % 2 != 0) bombs += Encode({.opcode = 0, .payload = "\xff"});
  }
  Send({.payload = "damaged", .reserved_bits = 4});
  EXPECT_EQ(Received(), CloseFrame(3000, "enough"));
  EXPECT_EQ(told_, "");
  WriteAll(client_.get(), bombs + Encode({.opcode = 8, .payload = "\x03\xe8"}));
  RunTurns(*loop_);
  client_.Reset();
  RunTurns(*loop_);
  EXPECT_EQ(told_, "closed(1000)");
}

TEST_F(ConnectionTest, ReadsWhatCameWithTheHandshake) {
  Open();
  const std::string rest = Encode({.payload = "early"});
  connection_->Start(rest);
  EXPECT_EQ(told_, "text(early) ");
  EXPECT_EQ(rest, Encode({.payload = "early"})) << "borrowed bytes were changed";
}

TEST_F(ConnectionTest, AnswersPingsInsideAFragmentedMessage) {
  Open();
  Send({.payload = "a", .final = false});
  Send({.opcode = 9, .payload = "one"});
  Send({.opcode = 9, .payload = "two"});
  EXPECT_EQ(Received(), ServerFrame(Opcode::kPong, "one") + ServerFrame(Opcode::kPong, "two"));
  Send({.opcode = 0, .payload = "b"});
  RunTurns(*loop_);
  EXPECT_EQ(told_, "text(ab) ");
}

TEST_F(ConnectionTest, QueuesMessagesAndPings) {
  Open();
  connection_->QueueMessage(Opcode::kBinary, "hi");
  connection_->QueuePing();
  EXPECT_EQ(Received(), ServerFrame(Opcode::kBinary, "hi") + ServerFrame(Opcode::kPing, ""));
}

TEST_F(ConnectionTest, GivesNoMessageAfterCloseWasCalledInsideOne) {
  Open();
  on_message_ = [this] { connection_->Close(3000, "enough"); };
  WriteAll(client_.get(),
           Encode({.payload = "a"}) + Encode({.payload = "b"}) + Encode({.opcode = 9, .payload = "p"}));
  EXPECT_EQ(Received(), CloseFrame(3000, "enough"));
  EXPECT_EQ(told_, "text(a) ");
}

TEST_F(ConnectionTest, AnswersThePeersCloseAndEndsTheStream) {
  struct Case {
    const char* name;
    ClientFrame frame;
    std::string answer;
    const char* told;
  };
  const Case cases[] = {
      {"normal",
       {.opcode = 8,
        .payload = "\x03\xe8"
                   "bye"},
       CloseFrame(1000),
       "closed(1000, bye)"},
      {"no status", {.opcode = 8}, CloseFrame(1005), "closed(1005)"},
      {"application's code", {.opcode = 8, .payload = "\x0f\xa0"}, CloseFrame(4000), "closed(4000)"},
      {"not masked",
       {.payload = "a", .masked = false},
       CloseFrame(1002, "frame not masked"),
       "closed(1002, frame not masked)"},
      {"not UTF-8",
       {.payload = "\xff"},
       CloseFrame(1007, "text is not UTF-8"),
       "closed(1007, text is not UTF-8)"},
      {"too big",
       {.claimed_bytes = 65537},
       CloseFrame(1009, "message too big"),
       "closed(1009, message too big)"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    told_.clear();
    Open();
    Send(c.frame);
    Send({.payload = "late"});
    EXPECT_EQ(Received(), c.answer);
    EXPECT_EQ(told_, "");  // the stream lingers for the peer's end
    EXPECT_TRUE(connection_->closing());
    connection_->QueueMessage(Opcode::kText, "late");
    client_ = {};
    ASSERT_TRUE(RunUntil(*loop_, [&] { return !told_.empty(); }));
    EXPECT_EQ(told_, c.told);
  }
}

TEST_F(ConnectionTest, CloseWaitsForThePeersHalf) {
  Open();
  connection_->QueueMessage(Opcode::kText, "last");
  connection_->Close(3501, "bad request");
  connection_->Close(3000, "again");
  connection_->QueueMessage(Opcode::kText, "dropped");
  EXPECT_EQ(Received(), ServerFrame(Opcode::kText, "last") + CloseFrame(3501, "bad request"));
  Send({.payload = "crossed it"});
  Send({.opcode = 8, .payload = "\x0d\xad"});
  client_ = {};
  ASSERT_TRUE(RunUntil(*loop_, [&] { return !told_.empty(); }));
  EXPECT_EQ(told_, "closed(3501)");
}

TEST_F(ConnectionTest, GivesUpOnAPeerThatDoesNotAnswerClose) {
  Open();
  connection_->Close(1000, "");
  clock_.Advance(Milliseconds(4900));
  RunTurns(*loop_);
  EXPECT_EQ(told_, "");
  clock_.Advance(Milliseconds(200));
  RunTurns(*loop_);
  EXPECT_EQ(told_, "closed(1001)");
}

TEST_F(ConnectionTest, ClosesInTimeAPeerThatAnswersButKeepsItsSocket) {
  Open();
  connection_->Close(1000, "");
  clock_.Advance(Seconds(3));
  Send({.opcode = 8, .payload = "\x03\xe8"});
  RunTurns(*loop_);
  EXPECT_EQ(told_, "");
  clock_.Advance(Milliseconds(2100));
  RunTurns(*loop_);
  EXPECT_EQ(told_, "closed(1000)");
}

TEST_F(ConnectionTest, TellsThatTheSocketBroke) {
  Open();
  Send({.payload = "half a mess", .final = false});
  client_ = {};
  ASSERT_TRUE(RunUntil(*loop_, [&] { return !told_.empty(); }));
  EXPECT_EQ(told_, "closed(1001)");
}

TEST_F(ConnectionTest, HearsThePeersCloseWhileReadingIsPaused) {
  Open();
  connection_->stream().PauseReading();
  connection_->Close(1000, "");
  Send({.opcode = 8, .payload = "\x03\xe8"});
  RunTurns(*loop_);
  client_ = {};
  ASSERT_TRUE(RunUntil(*loop_, [&] { return !told_.empty(); }));
  EXPECT_EQ(told_, "closed(1000)");
}

TEST_F(ConnectionTest, APeerThatDoesNotReadGetsThePongOfItsLatestPingOnly) {
  Open();
  const std::string big(4 * 1024 * 1024, 'x');
  connection_->QueueMessage(Opcode::kText, big);
  RunTurns(*loop_);
  ASSERT_TRUE(connection_->stream().blocked());
  const std::size_t queued = connection_->stream().queued_bytes();
  for (int i = 0; i < 100; ++i) Send({.opcode = 9, .payload = std::to_string(i)});
  RunTurns(*loop_);
  EXPECT_EQ(connection_->stream().queued_bytes(), queued);

  const std::string pong = ServerFrame(Opcode::kPong, "99");
  const std::string expected = ServerFrame(Opcode::kText, big) + pong;
  std::string received;
  ASSERT_TRUE(RunUntil(*loop_, [&] {
    received += ReadAvailable(client_.get());
    return received.size() >= expected.size();
  }));
  RunTurns(*loop_);
  received += ReadAvailable(client_.get());
  EXPECT_TRUE(received == expected);
  EXPECT_EQ(told_, "writable ");
}

TEST_F(ConnectionTest, AFloodOfPingsInOneReadIsAnsweredInBoundedSpace) {
  Open();
  std::string flood;
  const std::string payload(100, 'p');
  for (int i = 0; i < 600; ++i) flood += Encode({.opcode = 9, .payload = payload});
  flood += Encode({.opcode = 9, .payload = "last"});
  connection_->OnData(flood);
  EXPECT_LT(connection_->stream().queued_bytes(), 17u * 1024);
  EXPECT_TRUE(Received().ends_with(ServerFrame(Opcode::kPong, "last")));
}

TEST_F(ConnectionTest, InflatesWhenAgreedOn) {
  Open(true);
  Send({.payload = DeflateAsClient("squeezed"), .reserved_bits = 4});
  RunTurns(*loop_);
  EXPECT_EQ(told_, "text(squeezed) ");
}

}  // namespace
}  // namespace tidemill::websocket
