#include "realtime/hub/hub.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <memory>
#include <string>
#include <vector>

#include "net/testing/slowdown.h"
#include "realtime/hub/form_group.h"
#include "realtime/hub/testing/hub_fixture.h"
#include "websocket/deflate.h"
#include "websocket/frame.h"

namespace tidemill::hub {
namespace {

using protocol::Encoding;
using HubTest = testing::HubTest;
using testing::Peer;

std::string TextFrame(const std::string& payload) {
  return std::string("\x81") + static_cast<char>(payload.size()) + payload;
}

TEST_F(HubTest, DeliversToSubscribersOfTheChannelOnly) {
  Peer& a = Follow("news");
  Peer& b = Follow("news");
  Peer& stranger = Follow("sports");

  Publish("news", "{\"n\":1}");
  Turn();

  const std::string frame = TextFrame(R"({"push":{"channel":"news","pub":{"data":{"n":1}}}})");
  EXPECT_EQ(a.Read(), frame);
  EXPECT_EQ(b.Read(), frame);
  EXPECT_EQ(stranger.Read(), "");
}

TEST_F(HubTest, WritesATurnOnceAndKeepsNoMemory) {
  Peer& peer = Follow("news");
  for (int i = 0; i < 100; ++i) Publish("news", std::to_string(i));
  Turn();

  std::string expected;
  for (int i = 0; i < 100; ++i) {
    expected += TextFrame(R"({"push":{"channel":"news","pub":{"data":)" + std::to_string(i) + "}}}");
  }
  EXPECT_EQ(peer.Read(), expected);
  EXPECT_EQ(hub_.segments().bytes_in_use(), 0u);
}

TEST_F(HubTest, OneWhoComesInTheMiddleOfATurnGetsOnlyWhatFollows) {
  Follow("news");
  Publish("news", "1");
  Peer& late = Follow("news");
  Publish("news", "2");
  Turn();

  EXPECT_EQ(late.Read(), TextFrame(R"({"push":{"channel":"news","pub":{"data":2}}})"));
}

TEST_F(HubTest, OneWhoLeavesInTheMiddleOfATurnGetsNothing) {
  Peer& peer = Follow("news");
  Publish("news", "1");
  hub_.Detach(peer.follow);
  Turn();

  EXPECT_EQ(peer.Read(), "");
  EXPECT_EQ(hub_.channels(), 0u);
}

TEST_F(HubTest, SeveralChannelsOfOneSessionGoTogether) {
  Peer& peer = Follow("a");
  hub_.Attach("b", {}, *peer.outbox, peer.other);
  Publish("a", "1");
  Publish("b", "2");
  Turn();

  const std::string both = peer.Read();
  EXPECT_NE(both.find(TextFrame(R"({"push":{"channel":"a","pub":{"data":1}}})")), std::string::npos);
  EXPECT_NE(both.find(TextFrame(R"({"push":{"channel":"b","pub":{"data":2}}})")), std::string::npos);
}

TEST_F(HubTest, JoinsGoToThoseWhoAskedForThem) {
  Peer& plain = Follow("room");
  Peer& curious = Follow("room", {.join_leave = true});
  hub_.OnJoin(broker::ChannelName("room"), {.user = "u", .client = "c"});
  Turn();

  EXPECT_EQ(plain.Read(), "");
  EXPECT_EQ(curious.Read(),
            TextFrame(R"({"push":{"channel":"room","join":{"info":{"user":"u","client":"c"}}}})"));
}

TEST_F(HubTest, DataThatIsNotJsonReachesProtobufAndIsReportedByJson) {
  Peer& json = Follow("bin");
  Peer& protobuf = Follow("bin", {.encoding = Encoding::kProtobuf});
  Publish("bin", "\xff\x00");
  Turn();

  EXPECT_TRUE(json.follow.inappropriate);
  EXPECT_EQ(json.Read(), "");
  EXPECT_FALSE(protobuf.follow.inappropriate);
  EXPECT_NE(protobuf.Read(), "");
}

// Parsing costs more than encoding: the flag is believed, whatever the data are.
TEST_F(HubTest, DataThatAreKnownToBeJsonAreNotParsed) {
  Peer& json = Follow("news");
  hub_.OnPublication(broker::ChannelName("news"),
                     std::make_shared<const protocol::Publication>(
                         protocol::Publication{.data = "{", .data_is_json = true}));
  Turn();

  EXPECT_FALSE(json.follow.inappropriate);
  EXPECT_EQ(json.Read(), TextFrame(R"({"push":{"channel":"news","pub":{"data":{}}})"));
}

TEST_F(HubTest, ACompressedFrameIsMadeOnceAndInflatesToTheMessage) {
  Peer& plain = Follow("news");
  Peer& a = Follow("news", {.compressed = true});
  Peer& b = Follow("news", {.compressed = true});
  const std::string data = "\"" + std::string(2000, 'x') + "\"";
  Publish("news", data);
  Publish("news", "1");
  Turn();

  const std::string frames = a.Read();
  EXPECT_EQ(frames, b.Read());
  EXPECT_GT(plain.Read().size(), 2000u);
  EXPECT_LT(frames.size(), 200u);
  ASSERT_EQ(static_cast<unsigned char>(frames[0]), 0xc1);  // FIN, RSV1, text
  const std::size_t bytes = websocket::FrameBytes(frames);
  std::string text;
  ASSERT_TRUE(websocket::MessageInflater::Make({})->Inflate(std::string_view(frames).substr(2, bytes - 2),
                                                            1 << 20, text));
  EXPECT_EQ(text, R"({"push":{"channel":"news","pub":{"data":)" + data + "}}}");
  // Too small to gain from it.
  EXPECT_EQ(frames.substr(bytes), TextFrame(R"({"push":{"channel":"news","pub":{"data":1}}})"));
}

TEST_F(HubTest, APausedOutboxSendsWhenResumed) {
  Peer& peer = Follow("news");
  peer.outbox->Pause();
  Publish("news", "1");
  Turn();
  EXPECT_EQ(peer.Read(), "");

  peer.stream->Queue("reply");
  peer.outbox->Resume();
  Turn();

  EXPECT_EQ(peer.Read(), "reply" + TextFrame(R"({"push":{"channel":"news","pub":{"data":1}}})"));
}

// The peer reads nothing for a while, then everything: whole frames, in order, none missing.
TEST_F(HubTest, ASlowReaderGetsEveryFrameWholeAndInOrder) {
  Peer& peer = AddPeer(64 << 20);
  hub_.Attach("news", {}, *peer.outbox, peer.follow);
  std::string expected;
  std::string got;
  bool was_behind = false;
  for (int i = 0; i < 400; ++i) {
    const std::string data = "\"" + std::string(static_cast<std::size_t>(10000 + i), 'x') + "\"";
    Publish("news", data);
    const std::string payload = R"({"push":{"channel":"news","pub":{"data":)" + data + "}}}";
    expected += std::string("\x81\x7e") + static_cast<char>(payload.size() >> 8) +
                static_cast<char>(payload.size() & 255) + payload;
    Turn();
    was_behind = was_behind || peer.outbox->behind();
    if (i > 200 && i % 3 == 0) got += peer.Read();
  }
  EXPECT_TRUE(was_behind);
  for (int i = 0; i < 1000 && got.size() < expected.size(); ++i) {
    got += peer.Read();
    Turn();
  }

  EXPECT_EQ(got.size(), expected.size());
  EXPECT_TRUE(got == expected);
  EXPECT_FALSE(peer.outbox->behind());
  EXPECT_EQ(hub_.segments().bytes_in_use(), 0u);
}

TEST_F(HubTest, AStuckReaderIsReportedAtItsLimitAndDelaysNobody) {
  Peer& stuck = AddPeer(100'000);
  hub_.Attach("news", {}, *stuck.outbox, stuck.follow);
  Peer& good = Follow("news");
  std::size_t received = 0;
  int turns = 0;
  while (stuck.slow_at == 0 && turns < 10'000) {
    Publish("news", "\"" + std::string(5000, 'x') + "\"");
    Turn();
    received += good.Read().size();
    ++turns;
  }

  EXPECT_GT(stuck.slow_at, 100'000u);
  EXPECT_LT(stuck.slow_at, 120'000u);
  EXPECT_GT(received, static_cast<std::size_t>(turns) * 5000);
  EXPECT_EQ(good.slow_at, 0u);
}

TEST_F(HubTest, AnAnswerThatWaitsDoesNotCountAgainstTheLimit) {
  Peer& peer = AddPeer(100'000);
  hub_.Attach("news", {}, *peer.outbox, peer.follow);
  peer.answer = 4'000'000;
  peer.stream->Queue(std::string(peer.answer, 'a'));
  Turn();
  ASSERT_GT(peer.stream->queued_bytes(), 3'000'000u);
  for (int i = 0; i < 15; ++i) {
    Publish("news", "\"" + std::string(5000, 'x') + "\"");
    Turn();
  }
  EXPECT_EQ(peer.slow_at, 0u);

  for (int i = 0; i < 15; ++i) {
    Publish("news", "\"" + std::string(5000, 'x') + "\"");
    Turn();
  }
  EXPECT_GT(peer.slow_at, 100'000u);
}

TEST_F(HubTest, OneWhoLeavesWhileBehindKeepsNoMemory) {
  Peer& reads = Follow("news");
  Peer& detached = Follow("news");
  Peer& closed = Follow("news");
  for (int round = 0; round < 8; ++round) {
    Publish("news", "\"" + std::string(100'000, 'x') + "\"");
    Turn();
    reads.Read();
  }
  ASSERT_TRUE(detached.outbox->behind() && closed.outbox->behind());
  closed.outbox->Close();
  hub_.Detach(closed.follow);
  hub_.Detach(detached.follow);
  EXPECT_FALSE(reads.outbox->behind());
  EXPECT_EQ(hub_.segments().bytes_in_use(), 0u);
}

TEST_F(HubTest, AResumedOutboxWhoseStreamClosesSendsNothing) {
  Peer& peer = Follow("news");
  peer.outbox->Pause();
  Publish("news", "1");
  Turn();
  ASSERT_TRUE(peer.outbox->behind());
  peer.stream->CloseAfterFlush(Seconds(1));
  peer.outbox->Resume();
  EXPECT_TRUE(peer.outbox->behind());
}

TEST_F(HubTest, TellsFollowersThatTheirStreamIsLost) {
  Peer& peer = Follow("news");
  Peer& takes_gaps = Follow("news");
  takes_gaps.follow.takes_gaps = true;
  Publish("news", "1");
  hub_.OnStreamLost(broker::ChannelName("news"));
  EXPECT_TRUE(peer.follow.lost);
  EXPECT_FALSE(takes_gaps.follow.lost);
  Publish("news", "2");
  Turn();
  EXPECT_EQ(peer.Read(), "") << "it would not know what is missing";
  EXPECT_EQ(takes_gaps.Read(), TextFrame(R"({"push":{"channel":"news","pub":{"data":1}}})") +
                                   TextFrame(R"({"push":{"channel":"news","pub":{"data":2}}})"));
  hub_.OnStreamLost(broker::ChannelName("news"));
  hub_.Detach(peer.follow);
  hub_.Attach("news", {}, *peer.outbox, peer.follow);
  Publish("news", "3");
  Turn();
  EXPECT_NE(peer.Read(), "") << "it follows anew";
}

// Bare pushes as server-sent events, beside a WebSocket that is sent the same.
TEST_F(HubTest, AFormSaysFramingAndDirection) {
  Peer& websocket = Follow("news");
  Peer& events =
      Follow("news", {.framing = Framing::kEventStream, .direction = protocol::Direction::kUnidirectional});
  Publish("news", "1");
  Turn();

  EXPECT_EQ(websocket.Read(), TextFrame(R"({"push":{"channel":"news","pub":{"data":1}}})"));
  EXPECT_EQ(events.Read(), "data: {\"channel\":\"news\",\"pub\":{\"data\":1}}\n\n");
}

// What each idle connection with a channel of its own pays for here: the channel, its group, their places in
// lists.
TEST_F(HubTest, AChannelOfOneSubscriberIsSmall) {
  if (net::testing::kSanitized) GTEST_SKIP() << "a sanitizer's allocations are larger";
  constexpr std::size_t kChannels = 1000;
  Peer& peer = AddPeer();
  std::vector<std::unique_ptr<Peer::Follow>> follows;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kChannels; ++i) {
    follows.push_back(std::make_unique<Peer::Follow>());
    names.push_back(std::to_string(i));
  }
  const std::size_t before = mallinfo2().uordblks;
  for (std::size_t i = 0; i < kChannels; ++i) hub_.Attach(names[i], {}, *peer.outbox, *follows[i]);
  const std::size_t per_channel = (mallinfo2().uordblks - before) / kChannels;
  RecordProperty("bytes_per_channel", static_cast<int>(per_channel));
  EXPECT_LE(per_channel, 240u);
  for (const auto& follow : follows) hub_.Detach(*follow);
}

}  // namespace
}  // namespace tidemill::hub
