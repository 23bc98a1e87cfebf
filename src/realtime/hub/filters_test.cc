#include <gtest/gtest.h>

#include <string>

#include "realtime/hub/testing/hub_fixture.h"

namespace tidemill::hub::testing {
namespace {

constexpr Form kLines{.framing = Framing::kLines};

class HubFiltersTest : public HubTest {
 protected:
  static filter::FilterPtr Equals(const std::string& value) {
    return *filter::Filter::Parse(protocol::Encoding::kJson,
                                  R"({"key":"k","cmp":"eq","val":")" + value + "\"}");
  }
  Peer& FollowFiltered(const std::string& value, Form form = kLines) {
    Peer& peer = AddPeer();
    hub_.Attach("news", form, *peer.outbox, peer.follow, {.has = nullptr, .filter = Equals(value)});
    return peer;
  }
  void Send(const std::string& data, const std::string& tag, bool removed = false) {
    auto publication = std::make_shared<protocol::Publication>();
    publication->data = data;
    publication->tags = {{"k", tag}};
    publication->removed = removed;
    publication->data_is_json = true;
    hub_.OnPublication(broker::ChannelName("news"), publication);
  }
  static std::string Line(const std::string& data, const std::string& tag) {
    return R"({"push":{"channel":"news","pub":{"data":)" + data + R"(,"tags":{"k":")" + tag + "\"}}}}\n";
  }
};

TEST_F(HubFiltersTest, EachIsSentWhatItsFilterMatches) {
  Peer& all = Follow("news", kLines);
  Peer& red = FollowFiltered("red");
  Peer& also_red = FollowFiltered("red");
  Peer& blue = FollowFiltered("blue");
  EXPECT_EQ(metrics_.filters.value(), 2) << "those who have the same share it";
  Send("1", "red");
  Send("2", "blue");
  Send("3", "green");
  Turn();
  EXPECT_EQ(all.Read(), Line("1", "red") + Line("2", "blue") + Line("3", "green"));
  EXPECT_EQ(red.Read(), Line("1", "red"));
  EXPECT_EQ(also_red.Read(), Line("1", "red"));
  EXPECT_EQ(blue.Read(), Line("2", "blue"));
  EXPECT_EQ(metrics_.filtered.value(), 6u);
}

TEST_F(HubFiltersTest, AreForgottenWithTheLastWhoHasThem) {
  Peer& first = FollowFiltered("red");
  Peer& second = FollowFiltered("red", {.framing = Framing::kEventStream});
  Send("1", "red");
  Turn();
  hub_.Detach(first.follow);
  EXPECT_EQ(metrics_.filters.value(), 1);
  hub_.Detach(second.follow);
  Turn();
  EXPECT_EQ(metrics_.filters.value(), 0);
  EXPECT_EQ(hub_.channels(), 0u);
}

TEST_F(HubFiltersTest, ALeavingOneInAFanOutTakesItsFilterWithItLater) {
  Peer& peer = FollowFiltered("red");
  Follow("news", kLines);
  Send("1", "red");
  hub_.Detach(peer.follow);
  Peer& again = FollowFiltered("red");
  Send("2", "red");
  Turn();
  EXPECT_EQ(again.Read(), Line("2", "red"));
  EXPECT_EQ(metrics_.filters.value(), 1);
}

TEST_F(HubFiltersTest, AChannelHasRoomForSoMany) {
  metrics::Registry registry;
  HubMetrics metrics(registry);
  Hub hub(*loop_, metrics, {.filters_max = 2});
  Peer& peer = AddPeer();
  EXPECT_EQ(hub.RoomFor("news", *Equals("a")), FilterRoom::kYes);
  hub.Attach("news", kLines, *peer.outbox, peer.follow, {.has = nullptr, .filter = Equals("a")});
  hub.Attach("news", kLines, *peer.outbox, peer.other, {.has = nullptr, .filter = Equals("b")});
  EXPECT_EQ(hub.RoomFor("news", *Equals("c")), FilterRoom::kTooMany);
  EXPECT_EQ(hub.RoomFor("news", *Equals("b")), FilterRoom::kYes);
  EXPECT_EQ(hub.RoomFor("sports", *Equals("c")), FilterRoom::kYes);
  hub.Detach(peer.other);
  EXPECT_EQ(hub.RoomFor("news", *Equals("c")), FilterRoom::kYes);
  hub.Detach(peer.follow);
}

TEST_F(HubFiltersTest, AChannelHasRoomForSoMuchWork) {
  metrics::Registry registry;
  HubMetrics metrics(registry);
  Hub hub(*loop_, metrics, {.filter_work_max = 2 * Equals("a")->work()});
  Peer& peer = AddPeer();
  hub.Attach("news", kLines, *peer.outbox, peer.follow, {.has = nullptr, .filter = Equals("a")});
  const auto searching =
      *filter::Filter::Parse(protocol::Encoding::kJson, R"({"key":"k","cmp":"ct","val":"a"})");
  EXPECT_EQ(hub.RoomFor("news", *searching), FilterRoom::kTooMuchWork);
  EXPECT_EQ(hub.RoomFor("sports", *searching), FilterRoom::kTooMuchWork) << "it is too much alone";
  EXPECT_EQ(hub.RoomFor("news", *Equals("b")), FilterRoom::kYes);
  hub.Attach("news", kLines, *peer.outbox, peer.other, {.has = nullptr, .filter = Equals("b")});
  EXPECT_EQ(hub.RoomFor("news", *Equals("c")), FilterRoom::kTooMuchWork);
  EXPECT_EQ(hub.RoomFor("news", *Equals("b")), FilterRoom::kYes) << "it is there already";
  hub.Detach(peer.follow);
  hub.Detach(peer.other);
}

// A subscriber that has the key must hear that it is gone.
TEST_F(HubFiltersTest, WhatRemovesAKeyIsForAll) {
  Peer& red = FollowFiltered("red");
  Send("", "blue", true);
  Turn();
  EXPECT_NE(red.Read().find("removed"), std::string::npos);
}

}  // namespace
}  // namespace tidemill::hub::testing
