// Publications that are held back for a moment, and clients that do not keep up.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "net/testing/run_task.h"
#include "realtime/hub/testing/hub_fixture.h"
#include "websocket/frame.h"

namespace tidemill::hub {
namespace {

using testing::Peer;

using Lines = std::vector<std::string>;

class BatchesTest : public testing::HubTest {
 protected:
  Peer& FollowWith(AttachOptions options, Form form = {}, std::size_t queued_bytes_max = 1 << 20) {
    Peer& peer = AddPeer(queued_bytes_max);
    hub_.Attach("news", form, *peer.outbox, peer.follow, options);
    return peer;
  }
  void PublishKey(std::string key, std::string data, protocol::Tags tags = {}) {
    auto publication = std::make_shared<protocol::Publication>();
    publication->key = std::move(key);
    publication->tags = std::move(tags);
    publication->data = std::move(data);
    hub_.OnPublication(broker::ChannelName("news"), publication);
  }
  // What the peer was sent: the data of each frame; a join is "join".
  Lines Heard(Peer& peer) {
    Turn();
    return DataOf(peer.Read());
  }
  static Lines DataOf(std::string_view frames) {
    Lines data;
    while (!frames.empty()) {
      const std::string_view frame = frames.substr(0, websocket::FrameBytes(frames));
      frames.remove_prefix(frame.size());
      const std::size_t begin = frame.find(R"("data":)");
      if (begin == std::string_view::npos) {
        data.emplace_back("join");
        continue;
      }
      const std::string_view rest = frame.substr(begin + 7);
      data.emplace_back(rest.substr(0, rest.find_first_of(",}")));
    }
    return data;
  }
};

TEST_F(BatchesTest, GoOutWhenThereAreEnough) {
  Peer& peer = FollowWith({.batch = {.size = 3}});
  Publish("news", "1");
  Publish("news", "2");
  EXPECT_EQ(Heard(peer), (Lines{}));
  EXPECT_GT(metrics_.held_bytes.value(), 0);
  Publish("news", "3");
  Publish("news", "4");
  EXPECT_EQ(Heard(peer), (Lines{"1", "2", "3"}));
  Publish("news", "5");
  Publish("news", "6");
  EXPECT_EQ(Heard(peer), (Lines{"4", "5", "6"}));
  EXPECT_EQ(metrics_.held_bytes.value(), 0);
}

TEST_F(BatchesTest, GoOutWhenTheirTimeIsOver) {
  Peer& peer = FollowWith({.batch = {.delay = Milliseconds(60)}});
  Publish("news", "1");
  Publish("news", "2");
  EXPECT_EQ(Heard(peer), (Lines{}));
  Lines heard;
  ASSERT_TRUE(net::testing::DriveUntil(*loop_, [&] {
    for (std::string& data : DataOf(peer.Read())) heard.push_back(std::move(data));
    return heard.size() == 2;
  }));
  EXPECT_EQ(heard, (Lines{"1", "2"}));
}

TEST_F(BatchesTest, OfWhichOnlyTheNewestIsSentCountTheOthers) {
  Peer& peer = FollowWith({.batch = {.size = 3, .latest = true}});
  for (const char* data : {"1", "2", "3", "4"}) Publish("news", data);
  EXPECT_EQ(Heard(peer), (Lines{"3"}));
  EXPECT_EQ(metrics_.skipped.value(), 2u);
}

TEST_F(BatchesTest, OfAMapKeepTheNewestOfEachKeyInOrder) {
  Peer& peer = FollowWith({.batch = {.size = 4, .latest = true}});
  PublishKey("a", "1");
  PublishKey("b", "2");
  PublishKey("a", "3");
  PublishKey("c", "4");
  EXPECT_EQ(Heard(peer), (Lines{"2", "3", "4"}));
}

TEST_F(BatchesTest, KeepTheNewestOfEachTagsForThoseWhoFilterByThem) {
  Peer& peer = FollowWith({.batch = {.size = 4, .latest = true}});
  PublishKey("", "1", {{"desk", "7"}});
  PublishKey("", "2", {{"desk", "8"}});
  PublishKey("", "3", {{"desk", "8"}});
  PublishKey("", "4");
  EXPECT_EQ(Heard(peer), (Lines{"1", "3", "4"}));
}

TEST_F(BatchesTest, WhoComesGetsNothingOfWhatIsHeldAndTheOthersGetItFirst) {
  Peer& first = FollowWith({.batch = {.size = 10}});
  Publish("news", "1");
  Peer& late = FollowWith({.batch = {.size = 2}});
  EXPECT_EQ(Heard(first), (Lines{"1"}));
  EXPECT_EQ(Heard(late), (Lines{}));
  Publish("news", "2");
  Publish("news", "3");
  EXPECT_EQ(Heard(late), (Lines{"2", "3"})) << "what the last one brought holds";
}

TEST_F(BatchesTest, AJoinAndALossComeAfterWhatIsHeld) {
  Peer& peer = FollowWith({.batch = {.size = 10}}, {.join_leave = true});
  Publish("news", "1");
  hub_.OnJoin(broker::ChannelName("news"), {.user = "u", .client = "c"});
  EXPECT_EQ(Heard(peer), (Lines{"1", "join"}));
  peer.follow.takes_gaps = true;
  Publish("news", "2");
  hub_.OnStreamLost(broker::ChannelName("news"));
  EXPECT_EQ(Heard(peer), (Lines{"2"}));
}

TEST_F(BatchesTest, AreBoundedInBytes) {
  Peer& peer = FollowWith({.batch = {.size = 10'000}});
  for (int i = 0; i < 30; ++i) Publish("news", "\"" + std::string(10'000, 'x') + "\"");
  Turn();
  EXPECT_GT(peer.Read().size(), 200'000u);
}

TEST_F(BatchesTest, EndWithTheirSetting) {
  Peer& peer = FollowWith({.batch = {.size = 10}});
  Publish("news", "1");
  FollowWith({});
  Publish("news", "2");
  EXPECT_EQ(Heard(peer), (Lines{"1", "2"}));
}

TEST_F(BatchesTest, LeaveNothingWhenTheLastSubscriberGoes) {
  Peer& peer = FollowWith({.batch = {.size = 10, .delay = Milliseconds(1)}});
  Publish("news", "1");
  hub_.Detach(peer.follow);
  EXPECT_EQ(metrics_.held_bytes.value(), 0);
  EXPECT_EQ(hub_.channels(), 0u);
  for (int i = 0; i < 5; ++i) loop_->RunOnce(Milliseconds(5));
}

// Numbers in 8 KB each, so that a peer that does not read is soon behind.
std::string Numbered(int number) { return std::to_string(number) + std::string(8'000, ' '); }

int NumberOf(const std::string& data) { return std::stoi(data); }

class ConflationTest : public BatchesTest {
 protected:
  // Publishes while the peer reads nothing; then what it gets.
  std::vector<int> NumbersAfterSleep(Peer& peer, int count) {
    for (int i = 1; i <= count; ++i) {
      Publish("news", Numbered(i));
      Turn();
    }
    std::vector<int> numbers;
    std::string bytes;
    for (int quiet = 0; quiet < 3;) {
      const std::string more = peer.Read();
      bytes += more;
      quiet = more.empty() ? quiet + 1 : 0;
      Turn();
    }
    for (const std::string& data : DataOf(bytes)) numbers.push_back(NumberOf(data));
    return numbers;
  }
};

TEST_F(ConflationTest, AClientThatDoesNotKeepUpGetsTheNewestAndStaysConnected) {
  Peer& slow = FollowWith({.conflated = true}, {}, 100'000);
  Peer& whole = FollowWith({}, {}, 64 << 20);
  const std::vector<int> all = NumbersAfterSleep(slow, 500);
  ASSERT_FALSE(all.empty());
  EXPECT_LT(all.size(), 200u) << "what the socket took, and the newest";
  EXPECT_EQ(all.back(), 500);
  EXPECT_TRUE(std::ranges::is_sorted(all));
  EXPECT_EQ(slow.slow_at, 0u) << "it never has more waiting than one publication";
  EXPECT_FALSE(slow.outbox->behind());
  EXPECT_GT(metrics_.conflated.value(), 0u);

  std::string bytes;
  for (int i = 0; i < 2000 && whole.outbox->behind(); ++i) {
    bytes += whole.Read();
    Turn();
  }
  bytes += whole.Read();
  EXPECT_EQ(DataOf(bytes).size(), 500u) << "without it nothing is lost";
  EXPECT_EQ(hub_.segments().bytes_in_use(), 0u);
}

TEST_F(ConflationTest, AClientThatKeepsUpGetsAll) {
  Peer& peer = FollowWith({.conflated = true});
  Lines heard;
  for (int i = 0; i < 100; ++i) {
    Publish("news", std::to_string(i));
    Publish("news", std::to_string(i));
    for (std::string& data : Heard(peer)) heard.push_back(std::move(data));
  }
  EXPECT_EQ(heard.size(), 200u);
}

TEST_F(ConflationTest, EachChannelKeepsItsNewest) {
  Peer& slow = FollowWith({.conflated = true}, {}, 100'000);
  hub_.Attach("other", {}, *slow.outbox, slow.other, {.conflated = true});
  for (int i = 1; i <= 200; ++i) {
    Publish("news", Numbered(i));
    if (i <= 150) Publish("other", Numbered(1000 + i));
    Turn();
  }
  std::string bytes;
  for (int i = 0; i < 500; ++i) {
    bytes += slow.Read();
    Turn();
  }
  int last = 0;
  int last_other = 0;
  for (const std::string& data : DataOf(bytes)) {
    const int number = NumberOf(data);
    (number > 1000 ? last_other : last) = number;
  }
  EXPECT_EQ(last, 200);
  EXPECT_EQ(last_other, 1150);
  EXPECT_EQ(slow.slow_at, 0u);
}

TEST_F(ConflationTest, WhoWantsJoinsAndLeavesIsSentAll) {
  Peer& slow = FollowWith({.conflated = true}, {.join_leave = true}, 100'000);
  for (int i = 1; i <= 500 && slow.slow_at == 0; ++i) {
    Publish("news", Numbered(i));
    Turn();
  }
  EXPECT_GT(slow.slow_at, 0u);
}

}  // namespace
}  // namespace tidemill::hub
