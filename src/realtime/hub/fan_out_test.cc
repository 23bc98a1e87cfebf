// A fan-out that is more than a turn has time for goes on in the next ones. Time is a clock that moves by
// itself whenever it is read, so that a slice is over after a known number of looks.
#include "realtime/hub/fan_out.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "realtime/hub/form_group.h"
#include "realtime/hub/testing/hub_fixture.h"
#include "websocket/frame.h"

namespace tidemill::hub {
namespace {

using testing::Peer;

net::Micros now_us = 1'000'000;
net::Micros step_us = 0;  // per look at the clock

net::Micros Tick() { return now_us += step_us; }

class FanOutTest : public testing::HubTest {
 protected:
  FanOutTest() : HubTest({.micros = Tick}) { step_us = 0; }

  std::vector<Peer*> FollowAll(const std::string& channel, std::size_t count) {
    std::vector<Peer*> peers;
    for (std::size_t i = 0; i < count; ++i) peers.push_back(&Follow(channel));
    return peers;
  }
  int TurnsUntilQuiet() {
    int turns = 0;
    for (; !Quiet(); ++turns) Turn();
    return turns;
  }
  bool Quiet() const { return hub_.segments().bytes_in_use() == 0; }
};

// The payloads of text frames of pushes, in order.
std::vector<std::string> DataOf(std::string_view frames) {
  std::vector<std::string> data;
  while (!frames.empty()) {
    const std::string_view frame = frames.substr(0, websocket::FrameBytes(frames));
    frames.remove_prefix(frame.size());
    const std::size_t begin = frame.find(R"("data":)");
    data.emplace_back(frame.substr(begin + 7, frame.size() - begin - 7 - 3));
  }
  return data;
}

TEST_F(FanOutTest, ThousandsOfSubscribersAreSentToInSeveralShortTurns) {
  const std::vector<Peer*> peers = FollowAll("wide", 2000);
  Turn();
  (void)loop_->meter().TakeLongest();
  step_us = 160;  // a look is taken for every 16 sends: 10 µs each
  Publish("wide", "1");
  EXPECT_GE(TurnsUntilQuiet(), 8);
  EXPECT_LE(loop_->meter().TakeLongest().wall, 5000);
  for (Peer* const peer : peers) ASSERT_EQ(DataOf(peer->Read()), std::vector<std::string>{"1"});
}

TEST_F(FanOutTest, SessionsOfManyChannelsAreSentToInSeveralShortTurns) {
  const std::vector<Peer*> peers = FollowAll("wide", 2000);
  for (Peer* const peer : peers) hub_.Attach("other", {}, *peer->outbox, peer->other);
  Turn();
  (void)loop_->meter().TakeLongest();
  step_us = 160;
  Publish("wide", "1");
  Publish("other", "2");
  EXPECT_GE(TurnsUntilQuiet(), 8);
  EXPECT_LE(loop_->meter().TakeLongest().wall, 5000);
  for (Peer* const peer : peers) EXPECT_EQ(DataOf(peer->Read()).size(), 2u);
}

TEST_F(FanOutTest, ThousandsAreToldOfALossInSeveralShortTurns) {
  const std::vector<Peer*> peers = FollowAll("wide", 2000);
  Turn();
  (void)loop_->meter().TakeLongest();
  step_us = 10;  // a look is taken after each
  hub_.OnStreamLost(broker::ChannelName("wide"));
  const auto told = [&] {
    return std::ranges::count_if(peers, [](Peer* peer) { return peer->follow.lost; });
  };
  EXPECT_GT(told(), 0);
  EXPECT_LT(told(), 100);
  Peer* const gone = peers.back();
  hub_.Detach(gone->follow);
  Publish("wide", "1");
  int turns = 0;
  for (; told() < 1999; ++turns) {
    Turn();
    ASSERT_LT(turns, 1000);
  }
  EXPECT_GE(turns, 8);
  EXPECT_LE(loop_->meter().TakeLongest().wall, 5000);
  EXPECT_FALSE(gone->follow.lost);
  Turn();
  for (Peer* const peer : peers) ASSERT_EQ(peer->Read(), "") << "what comes after the loss is for nobody";
  EXPECT_TRUE(Quiet());
}

TEST_F(FanOutTest, AShortOneIsOverInItsTurn) {
  FollowAll("news", 200);
  step_us = 100;
  Publish("news", "1");
  Turn();
  EXPECT_TRUE(Quiet());
}

// A message to one does not wait for a message to thousands.
TEST_F(FanOutTest, FewSubscribersDoNotWaitForMany) {
  FollowAll("wide", 1000);
  Peer& one = Follow("narrow");
  step_us = 500;
  Publish("wide", "1");
  Turn();
  ASSERT_FALSE(Quiet());
  Publish("narrow", "2");
  Turn();
  EXPECT_EQ(DataOf(one.Read()), std::vector<std::string>{"2"});
  EXPECT_FALSE(Quiet());
  TurnsUntilQuiet();
}

TEST_F(FanOutTest, WhatComesMeanwhileFollowsForAll) {
  const std::vector<Peer*> peers = FollowAll("wide", 300);
  step_us = 500;
  std::vector<std::string> expected;
  for (int i = 0; i < 10; ++i) {
    expected.push_back(std::to_string(i));
    Publish("wide", expected.back());
    Turn();
    EXPECT_FALSE(Quiet());
  }
  TurnsUntilQuiet();
  for (Peer* const peer : peers) ASSERT_EQ(DataOf(peer->Read()), expected);
}

// Publishers that are faster are not let run away: the slices grow with what waits.
TEST_F(FanOutTest, WhatWaitsMakesItsTurnsLonger) {
  FollowAll("wide", 300);
  step_us = 500;
  for (int turn = 0; turn < 100; ++turn) {
    Publish("wide", "\"" + std::string(60'000, 'x') + "\"");
    Turn();
    for (auto& peer : peers_) peer->Read();
    ASSERT_LT(hub_.segments().bytes_in_use(), 1'000'000u);
  }
}

TEST_F(FanOutTest, WhoLeavesInTheMiddleTakesNobodysPlace) {
  std::vector<Peer*> peers = FollowAll("wide", 400);
  step_us = 500;
  Publish("wide", "1");
  Turn();
  ASSERT_FALSE(Quiet());
  // Some who have been reached and some who have not.
  for (std::size_t i = 0; i < peers.size(); i += 3) hub_.Detach(peers[i]->follow);
  Publish("wide", "2");
  TurnsUntilQuiet();
  for (std::size_t i = 0; i < peers.size(); ++i) {
    const std::vector<std::string> got = DataOf(peers[i]->Read());
    if (i % 3 == 0) {
      EXPECT_LE(got.size(), 1u);
    } else {
      ASSERT_EQ(got, (std::vector<std::string>{"1", "2"})) << i;
    }
  }
}

TEST_F(FanOutTest, AllMayLeaveInTheMiddle) {
  for (const bool two_channels : {false, true}) {
    std::vector<Peer*> peers = FollowAll("wide", 400);
    if (two_channels) {
      for (Peer* const peer : peers) hub_.Attach("other", {}, *peer->outbox, peer->other);
      Publish("other", "2");
    }
    step_us = 500;
    Publish("wide", "1");
    Turn();
    ASSERT_FALSE(Quiet());
    for (Peer* const peer : peers) {
      peer->outbox->Close();
      hub_.Detach(peer->follow);
      if (two_channels) hub_.Detach(peer->other);
    }
    peers_.clear();
    Turn();
    EXPECT_TRUE(Quiet());
    EXPECT_EQ(hub_.channels(), 0u);
  }
}

TEST_F(FanOutTest, TheHubMayEndInTheMiddle) {
  FollowAll("wide", 400);
  step_us = 500;
  Publish("wide", "1");
  Turn();
  EXPECT_FALSE(Quiet());
}

// Anything in any order: nobody gets anything twice, out of order, or with a gap.
class RandomFanOutTest : public FanOutTest {
 protected:
  static constexpr int kPeers = 100;

  // What a peer has got of a channel, and is due to get.
  struct Course {
    std::uint64_t next = 1;
    std::deque<std::uint64_t> joins;  // it may go on at one of these instead
  };
  // Where a peer may follow a channel; each has two.
  struct Place {
    Peer* peer;
    Subscription* subscription;
    std::string channel;  // "": none
  };

  RandomFanOutTest() {
    for (int i = 0; i < kPeers; ++i) {
      Peer& peer = AddPeer(64 << 20);
      places_.push_back({&peer, &peer.follow, ""});
      places_.push_back({&peer, &peer.other, ""});
    }
  }

  void Step() {
    step_us = random_() % 3 == 0 ? 0 : static_cast<net::Micros>(random_() % 1500);
    const std::string channel = std::to_string(random_() % 4);
    Place& place = places_[random_() % places_.size()];
    switch (random_() % 16) {
      case 0:
      case 1:
      case 2: return Join(place, channel);
      case 3: return Leave(place);
      case 4: return place.peer->outbox->Pause();
      case 5: return place.peer->outbox->Resume();
      case 6:
      case 7:
      case 8: return Read(*place.peer);
      case 9: return PublishNext(channel, 30'000);
      case 10:
      case 11: return PublishNext(channel, 10);
      default: return Turn();
    }
  }

  void PublishNext(const std::string& channel, std::size_t padding) {
    const std::string number = std::to_string(++published_[channel]);
    Publish(channel, "\"" + channel + ":" + number + ":" + std::string(padding, 'x') + "\"");
  }
  void Join(Place& place, const std::string& channel) {
    const auto is_same = [&](const Place& p) { return p.peer == place.peer && p.channel == channel; };
    if (!place.channel.empty() || std::ranges::any_of(places_, is_same)) return;
    hub_.Attach(channel, {}, *place.peer->outbox, *place.subscription);
    place.channel = channel;
    courses_[place.peer][channel].joins.push_back(published_[channel] + 1);
  }
  void Leave(Place& place) {
    if (place.channel.empty()) return;
    hub_.Detach(*place.subscription);
    place.channel.clear();
  }
  void Read(Peer& peer) {
    std::string& bytes = unread_[&peer];
    bytes += peer.Read();
    while (bytes.size() > 10 && websocket::FrameBytes(bytes) <= bytes.size()) {
      const std::size_t frame = websocket::FrameBytes(bytes);
      const std::string data = DataOf(bytes.substr(0, frame)).front();
      bytes.erase(0, frame);
      Course& course = courses_[&peer][data.substr(1, 1)];
      const std::uint64_t number = std::stoull(data.substr(3));
      while (number != course.next && !course.joins.empty()) {
        course.next = course.joins.front();
        course.joins.pop_front();
      }
      ASSERT_EQ(number, course.next) << "in channel " << data.substr(1, 1);
      ++course.next;
      ++received_;
    }
  }

  std::mt19937 random_{7};
  std::vector<Place> places_;
  std::map<std::string, std::uint64_t> published_;
  std::map<const Peer*, std::map<std::string, Course>> courses_;
  std::map<const Peer*, std::string> unread_;
  std::size_t received_ = 0;
};

TEST_F(RandomFanOutTest, NobodyGetsAnythingTwiceOrOutOfOrderOrMissesIt) {
  for (int i = 0; i < 30'000; ++i) {
    Step();
    ASSERT_FALSE(HasFailure()) << "in step " << i;
  }
  step_us = 0;
  for (auto& peer : peers_) peer->outbox->Resume();
  for (int i = 0; i < 5000 && !Quiet(); ++i) {
    Turn();
    for (auto& peer : peers_) Read(*peer);
  }
  ASSERT_TRUE(Quiet());
  for (auto& peer : peers_) Read(*peer);
  EXPECT_GT(received_, 50'000u);
  for (const Place& place : places_) {
    if (place.channel.empty()) continue;
    Course& course = courses_[place.peer][place.channel];
    while (course.next <= published_[place.channel] && !course.joins.empty()) {
      course.next = course.joins.front();
      course.joins.pop_front();
    }
    EXPECT_EQ(course.next, published_[place.channel] + 1) << place.channel;
  }
}

}  // namespace
}  // namespace tidemill::hub
