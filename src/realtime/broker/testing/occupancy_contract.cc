#include "realtime/broker/testing/occupancy_contract.h"

#include "realtime/broker/delivery.h"

namespace tidemill::broker::testing {

std::string OccupancyContract::Name(const ParamInfo& info) { return info.param.name; }

std::size_t OccupancyContract::OwnerOf(const std::string& channel) const {
  return OwnerLoop(ChannelName(channel), fixture_.size());
}

OccupancyContract::LinesByLoop OccupancyContract::Take() {
  LinesByLoop lines;
  for (std::size_t i = 0; i < fixture_.size(); ++i) lines.push_back(fixture_.TakeOccupancy(i));
  return lines;
}

OccupancyContract::LinesByLoop OccupancyContract::Only(const std::string& channel,
                                                       std::vector<std::string> lines) const {
  LinesByLoop expected(fixture_.size());
  expected[OwnerOf(channel)] = std::move(lines);
  return expected;
}

void OccupancyState::Follow(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    const std::string channel = line.substr(0, line.find(' '));
    const bool changed =
        line.ends_with(" occupied") ? occupied.insert(channel).second : occupied.erase(channel) > 0;
    if (!changed) faults.push_back(line);
  }
}

namespace {

constexpr StreamSettings kStream{.size = 5, .ttl = Seconds(60), .meta_ttl = Seconds(600)};
const std::string kChannels[] = {"a", "b", "c", "d", "e", "f"};

using Lines = std::vector<std::string>;

}  // namespace

TEST_P(OccupancyContract, OnlyTheFirstAndTheLastSubscriptionOfTheNodeAreTold) {
  for (const std::string& channel : kChannels) {
    SCOPED_TRACE(channel);
    for (int visit = 0; visit < 2; ++visit) {
      ASSERT_TRUE(fixture_.Subscribe(0, channel));
      EXPECT_EQ(Take(), Only(channel, {channel + " occupied"}));
      ASSERT_TRUE(fixture_.Subscribe(last(), channel, {.stream = kStream}));
      ASSERT_TRUE(fixture_.Subscribe(0, channel));
      fixture_.Unsubscribe(0, channel);
      fixture_.Unsubscribe(0, channel);
      EXPECT_EQ(Take(), Only(channel, {}));
      fixture_.Unsubscribe(last(), channel);
      EXPECT_EQ(Take(), Only(channel, {channel + " vacated"}));
    }
  }
}

TEST_P(OccupancyContract, OnlyASubscriptionOccupies) {
  const ClientInfo info{.user = "u", .client = "c", .conn_info = "", .chan_info = ""};
  for (const std::string& channel : kChannels) {
    ASSERT_TRUE(fixture_.Publish(last(), channel, "1", {.stream = kStream}));
    ASSERT_TRUE(fixture_.History(0, channel, {}, kStream));
    ASSERT_TRUE(fixture_.Await<Result<void>>(
        0, [&] { return fixture_.presence(0).Add(ChannelName(channel), info); }));
    ASSERT_TRUE(fixture_.Await<Result<void>>(
        0, [&] { return fixture_.broker(0).PublishJoin(ChannelName(channel), info); }));
    ASSERT_TRUE(fixture_.RemoveHistory(0, channel));
    EXPECT_EQ(Take(), Only(channel, {}));
  }
}

TEST_P(OccupancyContract, ALoopIsToldInTheOrderOfTheChanges) {
  LinesByLoop expected(fixture_.size());
  for (const std::string& channel : kChannels) expected[OwnerOf(channel)].push_back(channel + " occupied");
  for (const std::string& channel : kChannels) expected[OwnerOf(channel)].push_back(channel + " vacated");
  for (const std::string& channel : kChannels) ASSERT_TRUE(fixture_.Subscribe(0, channel));
  for (const std::string& channel : kChannels) fixture_.Unsubscribe(0, channel);
  EXPECT_EQ(Take(), expected);
}

TEST_P(OccupancyContract, SubscriptionsThatComeAndGoInOneTurnAreAllTold) {
  for (const std::string& channel : kChannels) {
    fixture_.Await<bool>(0, [&] {
      return [](Broker& broker, ChannelName name) -> Task<bool> {
        for (int visit = 0; visit < 3; ++visit) {
          const auto subscribed = co_await broker.Subscribe(name, {});
          EXPECT_TRUE(subscribed);
          if (subscribed) broker.Unsubscribe(name);
        }
        co_return true;
      }(fixture_.broker(0), ChannelName(channel));
    });
    const std::string in = channel + " occupied";
    const std::string out = channel + " vacated";
    EXPECT_EQ(Take(), Only(channel, {in, out, in, out, in, out}));
  }
}

TEST_P(OccupancyContract, ASubscribeThatIsGivenUpLeavesNoChannelOccupied) {
  for (std::size_t i = 0; i < fixture_.size(); ++i) {
    fixture_.Run(i, [&] {
      for (const std::string& channel : kChannels) {
        TaskScope scope;
        scope.Spawn([](BrokerFixture& fixture, std::size_t loop, ChannelName name) -> Task<void> {
          const auto outcome = co_await fixture.broker(loop).Subscribe(name, {.stream = kStream});
          if (outcome) fixture.broker(loop).Unsubscribe(name);
        }(fixture_, i, ChannelName(channel)));
      }  // those that wait for another loop or for the store end here
    });
  }
  fixture_.Settle();
  OccupancyState state;
  for (const Lines& lines : Take()) state.Follow(lines);
  EXPECT_EQ(state.faults, Lines{});
  EXPECT_EQ(state.occupied, std::set<std::string>{});
}

TEST_P(OccupancyContract, AnUnsubscribeAndASubscribeOfAnotherLoopMayMeet) {
  OccupancyState state;
  for (int round = 0; round < 50; ++round) {
    const std::string channel = kChannels[static_cast<std::size_t>(round) % std::size(kChannels)];
    ASSERT_TRUE(fixture_.Subscribe(0, channel));
    fixture_.loop(0).Post([&] { fixture_.broker(0).Unsubscribe(ChannelName(channel)); });
    ASSERT_TRUE(fixture_.Subscribe(last(), channel));
    for (const Lines& lines : Take()) state.Follow(lines);
    EXPECT_EQ(state.occupied, std::set<std::string>{channel});
    fixture_.Unsubscribe(last(), channel);
    for (const Lines& lines : Take()) state.Follow(lines);
    EXPECT_EQ(state.occupied, std::set<std::string>{});
  }
  EXPECT_EQ(state.faults, Lines{});
}

// A handler publishes into the channel, and follows another one while the channel is occupied.
TEST_P(OccupancyContract, AHandlerMayCallTheBroker) {
  struct Calls {
    static Task<void> Answer(Broker& broker, ChannelName channel) {
      Publication publication;
      publication.data = "1";
      PublishOptions options;
      options.stream = kStream;
      EXPECT_TRUE(co_await broker.Publish(channel, std::move(publication), options));
      const ChannelName other("other:" + channel.value());
      EXPECT_TRUE(co_await broker.Subscribe(other, {}));
      broker.Unsubscribe(other);
    }
  };
  for (std::size_t i = 0; i < fixture_.size(); ++i) {
    fixture_.Run(i, [&, i] {
      fixture_.occupancy(i).also = [&, i](const ChannelName& channel) {
        if (channel.value().starts_with("other:")) return;
        fixture_.scope(i).Spawn(Calls::Answer(fixture_.broker(i), channel));
      };
    });
  }
  OccupancyState state;
  for (const std::string& channel : kChannels) {
    SCOPED_TRACE(channel);
    const auto subscribed = fixture_.Await<Result<SubscribeOutcome>>(0, [&] {
      return [](BrokerFixture& fixture, ChannelName name) -> Task<Result<SubscribeOutcome>> {
        auto outcome = co_await fixture.broker(0).Subscribe(name, {.stream = kStream});
        fixture.recorder(0).lines.push_back("subscribed");
        co_return outcome;
      }(fixture_, ChannelName(channel));
    });
    ASSERT_TRUE(subscribed);
    EXPECT_EQ(subscribed->top.offset, 0u);
    EXPECT_EQ(fixture_.TakeLines(0), (Lines{"subscribed", channel + " pub 1 1"})) << "no gap";
    for (const Lines& lines : Take()) state.Follow(lines);
    EXPECT_EQ(state.occupied, std::set<std::string>{channel});
    fixture_.Unsubscribe(0, channel);
    for (const Lines& lines : Take()) state.Follow(lines);
    EXPECT_EQ(state.occupied, std::set<std::string>{});
  }
  EXPECT_EQ(state.faults, Lines{});
}

}  // namespace tidemill::broker::testing
