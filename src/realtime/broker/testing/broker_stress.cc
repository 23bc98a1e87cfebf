#include "realtime/broker/testing/broker_stress.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "net/async.h"
#include "realtime/broker/testing/occupancy_contract.h"

namespace tidemill::broker::testing {

std::string BrokerStress::Name(const ParamInfo& info) { return info.param.name; }

namespace {

constexpr int kChannels = 4;
constexpr std::size_t kPublishersPerLoop = 2;
constexpr std::uint64_t kPublicationsEach = 150;
constexpr int kSubscribersPerLoop = 5;
constexpr int kVisits = 12;
constexpr StreamSettings kStream{.size = 100'000, .ttl = Hours(1), .meta_ttl = Hours(2)};

std::string NameOf(int channel) { return "stress:" + std::to_string(channel); }

// What one subscriber of one channel has seen; offsets must be 1, 2, 3, … whatever happens.
struct Follower {
  ChannelName channel;
  bool attached = false;
  StreamPosition position;
  std::vector<std::string> seen;
  std::vector<std::string> faults;

  void Take(const Publication& publication, const char* how) {
    if (publication.offset != position.offset + 1) {
      faults.push_back(std::string(how) + " " + std::to_string(publication.offset) + " after " +
                       std::to_string(position.offset));
    }
    position.offset = publication.offset;
    seen.push_back(publication.data);
  }
};

// Does what the hub of one loop does for its subscribers.
class Hub final : public BrokerEvents {
 public:
  void OnPublication(const ChannelName& channel, const PublicationPtr& publication) override {
    for (Follower& follower : followers) {
      if (follower.attached && follower.channel == channel) follower.Take(*publication, "live");
    }
  }
  void OnJoin(const ChannelName&, const ClientInfo&) override {}
  void OnLeave(const ChannelName&, const ClientInfo&) override {}
  void OnStreamLost(const ChannelName&) override {}

  std::vector<Follower> followers;
  std::size_t busy = 0;
};

// Lets up to `bound` turns of the mailbox pass.
Task<void> Linger(net::Loop& loop, std::uint64_t bound) {
  for (std::uint64_t i = RandomBelow(bound); i > 0; --i) {
    net::Reply<bool> reply(loop);
    loop.Post([sender = reply.sender()] { sender.Send(true); });
    co_await reply;
  }
}

Task<void> PublishAll(net::Loop& loop, Broker& broker, std::string who, Hub& hub) {
  for (std::uint64_t i = 0; i < kPublicationsEach; ++i) {
    for (int channel = 0; channel < kChannels; ++channel) {
      Publication publication;
      publication.data = who + "/" + std::to_string(i);
      const auto outcome = co_await broker.Publish(
          ChannelName(NameOf(channel)), std::move(publication),
          PublishOptions{.stream = kStream, .idempotency_key = "", .version = 0, .version_epoch = ""});
      if (!outcome) hub.followers.front().faults.push_back("publish: " + outcome.error().detail);
    }
    co_await Linger(loop, 4);
  }
  --hub.busy;
}

Task<void> Visit(Broker& broker, Follower& follower) {
  const SubscribeOptions options{.stream = kStream,
                                 .recover = follower.position,
                                 .mode = RecoveryMode::kStream,
                                 .recovery_limit = 100'000};
  const auto outcome = co_await broker.Subscribe(follower.channel, options);
  if (!outcome || !outcome->recovered) {
    follower.faults.push_back("not recovered");
    co_return;
  }
  follower.position.epoch = outcome->top.epoch;
  for (const PublicationPtr& publication : outcome->publications) follower.Take(*publication, "recovered");
  if (follower.position != outcome->top) follower.faults.push_back("recovery ends before the top");
  follower.attached = true;
}

Task<void> ComeAndGo(net::Loop& loop, Broker& broker, Follower& follower, Hub& hub) {
  for (int visit = 0; visit < kVisits; ++visit) {
    co_await Linger(loop, 30);
    co_await Visit(broker, follower);
    co_await Linger(loop, 30);
    follower.attached = false;
    broker.Unsubscribe(follower.channel);
  }
  --hub.busy;
}

}  // namespace

TEST_P(BrokerStress, EveryFollowerSeesEveryPublicationOnceInOneOrder) {
  std::vector<Hub> hubs(fixture_.size());
  for (std::size_t i = 0; i < fixture_.size(); ++i) {
    fixture_.Run(i, [&, i] {
      Hub& hub = hubs[i];
      for (int channel = 0; channel < kChannels; ++channel) {
        for (int n = 0; n < kSubscribersPerLoop; ++n) {
          hub.followers.push_back({.channel = ChannelName(NameOf(channel)),
                                   .attached = false,
                                   .position = {},
                                   .seen = {},
                                   .faults = {}});
        }
      }
      fixture_.recorder(i).also = &hub;
      hub.busy = hub.followers.size() + kPublishersPerLoop;
      for (Follower& follower : hub.followers) {
        fixture_.scope(i).Spawn(ComeAndGo(fixture_.loop(i), fixture_.broker(i), follower, hub));
      }
      for (std::size_t p = 0; p < kPublishersPerLoop; ++p) {
        const std::string who = std::to_string(i) + "-" + std::to_string(p);
        fixture_.scope(i).Spawn(PublishAll(fixture_.loop(i), fixture_.broker(i), who, hub));
      }
    });
  }
  for (std::size_t i = 0; i < fixture_.size(); ++i) {
    std::size_t busy = 1;
    while (busy > 0) fixture_.Run(i, [&] { busy = hubs[i].busy; });
  }

  OccupancyState occupancy;
  for (std::size_t i = 0; i < fixture_.size(); ++i) occupancy.Follow(fixture_.TakeOccupancy(i));
  EXPECT_EQ(occupancy.faults, std::vector<std::string>{});
  EXPECT_EQ(occupancy.occupied, std::set<std::string>{}) << "everybody has gone";

  // A last visit brings every follower to the end.
  const std::uint64_t expected = fixture_.size() * kPublishersPerLoop * kPublicationsEach;
  std::map<std::string, std::vector<std::string>> order;
  for (std::size_t i = 0; i < fixture_.size(); ++i) {
    for (Follower& follower : hubs[i].followers) {
      fixture_.Await<bool>(i, [&]() -> Task<bool> {
        return [](Broker& broker, Follower& late) -> Task<bool> {
          co_await Visit(broker, late);
          co_return true;
        }(fixture_.broker(i), follower);
      });
      EXPECT_EQ(follower.faults, std::vector<std::string>{});
      EXPECT_EQ(follower.seen.size(), expected);
      const auto& first = order.try_emplace(follower.channel.value(), follower.seen).first->second;
      EXPECT_EQ(follower.seen, first) << "another order in " << follower.channel.value();
    }
  }
}

}  // namespace tidemill::broker::testing
