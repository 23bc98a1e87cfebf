#include "realtime/broker/memory/memory_broker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <semaphore>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "realtime/broker/channel_walk.h"
#include "realtime/broker/testing/broker_contract.h"
#include "realtime/broker/testing/broker_expiry_contract.h"
#include "realtime/broker/testing/broker_stress.h"
#include "realtime/broker/testing/map_contract.h"
#include "realtime/broker/testing/occupancy_contract.h"
#include "realtime/broker/testing/presence_contract.h"

namespace tidemill::broker {
namespace {

using testing::Backend;
using testing::BackendParam;
using testing::BrokerContract;
using testing::BrokerExpiryContract;
using testing::BrokerFixture;
using testing::BrokerInLineContract;
using testing::BrokerStress;
using testing::MapContract;
using testing::MapExpiryContract;
using testing::OccupancyContract;
using testing::PresenceContract;

class MemoryBackend final : public Backend {
 public:
  MemoryBackend(const std::vector<net::Loop*>& loops, MemoryBrokerLimits limits)
      : shards_(MakeMemoryBrokerShards(loops, limits)) {
    for (std::size_t i = 0; i < loops.size(); ++i) brokers_.push_back(shards_->TakeShard(i));
  }
  Broker& broker(std::size_t loop) override { return *brokers_[loop].broker; }
  PresenceStore& presence(std::size_t loop) override { return *brokers_[loop].presence; }
  MapBroker& maps(std::size_t loop) override { return *brokers_[loop].maps; }
  MemoryBrokerShards& shards() { return *shards_; }

 private:
  std::unique_ptr<MemoryBrokerShards> shards_;
  std::vector<LoopBroker> brokers_;
};

BackendParam OnLoops(std::size_t loops) {
  return {.name = std::to_string(loops) + (loops == 1 ? "Loop" : "Loops"),
          .loops = loops,
          .make = [](const std::vector<net::Loop*>& opened) {
            return std::make_unique<MemoryBackend>(opened, MemoryBrokerLimits{});
          }};
}

INSTANTIATE_TEST_SUITE_P(Memory, BrokerContract, ::testing::Values(OnLoops(1), OnLoops(3)),
                         BrokerContract::Name);
INSTANTIATE_TEST_SUITE_P(Memory, BrokerInLineContract, ::testing::Values(OnLoops(1), OnLoops(3)),
                         BrokerInLineContract::Name);
INSTANTIATE_TEST_SUITE_P(Memory, BrokerExpiryContract, ::testing::Values(OnLoops(1), OnLoops(3)),
                         BrokerExpiryContract::Name);
INSTANTIATE_TEST_SUITE_P(Memory, BrokerStress, ::testing::Values(OnLoops(1), OnLoops(3)), BrokerStress::Name);
INSTANTIATE_TEST_SUITE_P(Memory, OccupancyContract, ::testing::Values(OnLoops(1), OnLoops(3)),
                         OccupancyContract::Name);
INSTANTIATE_TEST_SUITE_P(Memory, PresenceContract, ::testing::Values(OnLoops(1), OnLoops(3)),
                         PresenceContract::Name);
INSTANTIATE_TEST_SUITE_P(Memory, MapContract, ::testing::Values(OnLoops(1), OnLoops(3)), MapContract::Name);
INSTANTIATE_TEST_SUITE_P(Memory, MapExpiryContract, ::testing::Values(OnLoops(1), OnLoops(3)),
                         MapExpiryContract::Name);

constexpr StreamSettings kStream{.size = 100, .ttl = Seconds(60), .meta_ttl = Seconds(600)};

// A fixture with limits, and the shards under test.
class Limited {
 public:
  Limited(std::size_t loops, MemoryBrokerLimits limits)
      : fixture(loops, [this, limits](const std::vector<net::Loop*>& opened) {
          auto backend = std::make_unique<MemoryBackend>(opened, limits);
          shards = &backend->shards();
          return backend;
        }) {}

  MemoryBrokerShards* shards = nullptr;
  BrokerFixture fixture;
};

PublishOptions Keep(std::string key = "") {
  return {.stream = kStream, .idempotency_key = std::move(key), .version = 0, .version_epoch = ""};
}

TEST(MemoryBroker, KeepsNothingOfAPublishOverTheHistoryBudget) {
  MemoryBrokerLimits limits;
  limits.history_bytes_max = 4096;
  Limited limited(1, limits);
  BrokerFixture& fixture = limited.fixture;
  ASSERT_TRUE(fixture.Subscribe(0, "a"));
  std::uint64_t kept = 0;
  Result<PublishOutcome> outcome;
  while ((outcome = fixture.Publish(0, "a", std::string(100, 'x'), Keep()))) ++kept;
  EXPECT_EQ(outcome.error().code, Errc::kLimitExceeded);
  EXPECT_GT(kept, 5u);
  EXPECT_LE(limited.shards->Stats().history_bytes, 4096u);
  EXPECT_EQ(limited.shards->Stats().history_publications, kept);
  EXPECT_EQ(fixture.TakeLines(0).size(), kept) << "what was refused was not delivered";
  EXPECT_EQ(fixture.History(0, "a", {}, kStream)->top.offset, kept);

  EXPECT_TRUE(fixture.Subscribe(0, "new", {.stream = kStream}))
      << "a stream that holds nothing needs no room";
  EXPECT_FALSE(fixture.Publish(0, "new", std::string(100, 'x'), Keep()));
  EXPECT_EQ(limited.shards->Stats().history_refused, 2u);
  EXPECT_TRUE(fixture.Publish(0, "other", "no stream"));

  ASSERT_TRUE(fixture.RemoveHistory(0, "a"));
  EXPECT_TRUE(fixture.Publish(0, "a", "fits again", Keep()));
}

TEST(MemoryBroker, AFullStreamTakesOneMoreForTheOneItDrops) {
  Limited limited(1, {});
  BrokerFixture& fixture = limited.fixture;
  PublishOptions options = Keep();
  options.stream.size = 3;
  for (int n = 0; n < 3; ++n) ASSERT_TRUE(fixture.Publish(0, "a", "123", options));
  MemoryBrokerLimits limits;
  limits.history_bytes_max = limited.shards->Stats().history_bytes;
  limited.shards->ReplaceLimits(limits);
  fixture.Settle();
  EXPECT_TRUE(fixture.Publish(0, "a", "456", options));
  EXPECT_FALSE(fixture.Publish(0, "a", "4567", options)) << "one byte more than what goes";
}

TEST(MemoryBroker, ChannelsThatHeldNothingCostNothing) {
  MemoryBrokerLimits limits;
  limits.history_bytes_max = 4096;
  Limited limited(2, limits);
  BrokerFixture& fixture = limited.fixture;
  for (std::size_t n = 0; n < 2000; ++n) {
    const std::string channel = "a" + std::to_string(n);
    ASSERT_TRUE(fixture.Subscribe(n % 2, channel, {.stream = kStream}));
    ASSERT_TRUE(fixture.History(n % 2, channel, {}, kStream));
    if (n >= 10) fixture.Unsubscribe(n % 2, channel);
  }
  fixture.Settle();
  EXPECT_EQ(limited.shards->Stats().history_bytes, 0u);
  EXPECT_EQ(limited.shards->Stats().channels, 10u) << "those that are followed";
  EXPECT_TRUE(fixture.Publish(0, "b", "1", Keep()));
}

TEST(MemoryBroker, APositionBeforeTheFirstPublicationNeedsNoStream) {
  Limited limited(2, {});
  BrokerFixture& fixture = limited.fixture;
  for (const std::string channel : {"a", "b", "c", "d"}) {
    SCOPED_TRACE(channel);
    const StreamPosition seen = fixture.Subscribe(1, channel, {.stream = kStream})->top;
    EXPECT_EQ(seen.offset, 0u);
    fixture.Unsubscribe(1, channel);
    fixture.Advance(Seconds(10'000));
    EXPECT_EQ(fixture.History(0, channel, {}, kStream)->top, seen);
    EXPECT_TRUE(fixture.Subscribe(1, channel, {.stream = kStream, .recover = seen})->recovered);
    fixture.Unsubscribe(1, channel);
    ASSERT_TRUE(fixture.Publish(0, channel, "1", Keep()));
    const auto again = fixture.Subscribe(1, channel, {.stream = kStream, .recover = seen});
    ASSERT_TRUE(again && again->recovered);
    EXPECT_EQ(again->publications.size(), 1u);
  }
  EXPECT_NE(fixture.History(0, "a", {}, kStream)->top.epoch, fixture.History(0, "b", {}, kStream)->top.epoch);
}

TEST(MemoryBroker, AForgottenStreamsEpochNeverComesAgain) {
  Limited limited(1, {});
  BrokerFixture& fixture = limited.fixture;
  std::set<std::string> epochs;
  for (int life = 0; life < 20; ++life) {
    const StreamPosition before = fixture.Subscribe(0, "a", {.stream = kStream})->top;
    fixture.Unsubscribe(0, "a");
    EXPECT_TRUE(epochs.insert(before.epoch).second) << before.epoch;
    EXPECT_EQ(fixture.Publish(0, "a", "1", Keep())->position,
              (StreamPosition{.offset = 1, .epoch = before.epoch}));
    fixture.Advance(Seconds(601));
    EXPECT_EQ(limited.shards->Stats().channels, 0u);
    EXPECT_FALSE(fixture.Subscribe(0, "a", {.stream = kStream, .recover = before})->recovered)
        << "what was published in between is gone";
    fixture.Unsubscribe(0, "a");
  }
}

TEST(MemoryBroker, PositionsOfEmptyStreamsGiveWayToPublications) {
  MemoryBrokerLimits limits;
  limits.history_bytes_max = 20'000;
  Limited limited(1, limits);
  BrokerFixture& fixture = limited.fixture;
  const auto position = [&](const std::string& channel) {
    return fixture.History(0, channel, {}, kStream)->top;
  };
  ASSERT_TRUE(fixture.Subscribe(0, "followed", {.stream = kStream}));
  const StreamPosition followed = fixture.Publish(0, "followed", "1", Keep())->position;
  std::vector<StreamPosition> positions;
  for (int n = 0; n < 20; ++n) {
    positions.push_back(fixture.Publish(0, std::to_string(n), "1", Keep())->position);
    fixture.Advance(Seconds(1));
  }
  fixture.Advance(Seconds(61));
  ASSERT_EQ(limited.shards->Stats().history_publications, 0u);
  const std::size_t free = 20'000 - limited.shards->Stats().history_bytes;
  EXPECT_FALSE(fixture.Publish(0, "0", std::string(20'000, 'x'), Keep()));
  EXPECT_EQ(limited.shards->Stats().positions_dropped, 0u) << "nothing goes for what does not fit anyway";

  EXPECT_TRUE(fixture.Publish(0, "5", std::string(free - 100, 'x'), Keep()));

  EXPECT_EQ(limited.shards->Stats().positions_dropped, 1u);
  EXPECT_LE(limited.shards->Stats().history_bytes, 20'000u);
  EXPECT_NE(position("0").epoch, positions[0].epoch) << "the oldest has gone";
  EXPECT_EQ(position("1"), positions[1]);
  EXPECT_EQ(position("5"), (StreamPosition{.offset = 2, .epoch = positions[5].epoch}));
  EXPECT_EQ(position("followed"), followed) << "its subscribers know it";
  ASSERT_TRUE(fixture.RemoveHistory(0, "5"));
  fixture.Advance(Seconds(1000));
  EXPECT_EQ(limited.shards->Stats().channels, 1u);
}

TEST(MemoryBroker, AUsersClientsHaveAShareOfTheHistory) {
  MemoryBrokerLimits limits;
  limits.history_bytes_max = 40'000;
  limits.history_bytes_per_user_max = 8'000;
  Limited limited(1, limits);
  BrokerFixture& fixture = limited.fixture;
  PublishOptions options = Keep();
  options.stream.size = 10;
  const auto publish = [&](std::string channel, std::string user, std::string client) {
    Publication publication{.data = std::string(500, 'x')};
    publication.info = ClientInfo{.user = user, .client = client, .conn_info = "", .chan_info = ""};
    return fixture.Await<Result<PublishOutcome>>(
        0, [&] { return fixture.broker(0).Publish(ChannelName(channel), publication, options); });
  };
  int kept = 0;
  Result<PublishOutcome> outcome;
  while ((outcome = publish("a" + std::to_string(kept / 5), "greedy", std::to_string(kept)))) ++kept;
  EXPECT_EQ(outcome.error().code, Errc::kLimitExceeded);
  EXPECT_NE(outcome.error().detail.find("history_bytes_per_user_max"), std::string::npos);
  EXPECT_NE(outcome.error().detail.find("greedy"), std::string::npos);
  EXPECT_GT(kept, 5);
  EXPECT_LT(kept, 16);
  EXPECT_TRUE(publish("a0", "modest", "1"));
  EXPECT_TRUE(publish("a0", "", "1"));
  EXPECT_TRUE(fixture.Publish(0, "a0", std::string(500, 'x'), Keep())) << "a backend has all of it";

  EXPECT_FALSE(publish("b", "greedy", "1"));
  fixture.Advance(Seconds(61));
  EXPECT_TRUE(publish("b", "greedy", "1"));
  options.stream.size = 1;
  for (int n = 0; n < 100; ++n) ASSERT_TRUE(publish("b", "greedy", "1")) << "in place of the user's own";
}

TEST(MemoryBroker, WarnsWhenTheHistoryIsFourFifthsFull) {
  static std::vector<std::string> lines;
  lines.clear();
  log::SetSinkForTest([](std::string_view line) { lines.emplace_back(line); });
  MemoryBrokerLimits limits;
  limits.history_bytes_max = 100'000;
  Limited limited(1, limits);
  BrokerFixture& fixture = limited.fixture;
  const auto fill = [&](std::size_t bytes) {
    while (limited.shards->Stats().history_bytes < bytes) {
      ASSERT_TRUE(fixture.Publish(0, "a", std::string(1000, 'x'), Keep()));
    }
  };
  fill(77'000);
  EXPECT_EQ(lines.size(), 0u);
  fill(99'000);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("broker.history_filled"), std::string::npos);
  EXPECT_NE(lines[0].find("setting=broker.history_bytes_max"), std::string::npos) << lines[0];
  fixture.Advance(Seconds(2));
  ASSERT_TRUE(fixture.RemoveHistory(0, "a"));
  fill(99'000);
  EXPECT_EQ(lines.size(), 2u) << "once for each time the mark is crossed";
  log::SetSinkForTest(nullptr);
}

TEST(MemoryBroker, FreesAChannelThatIsNotUsedAnyMore) {
  Limited limited(2, {});
  BrokerFixture& fixture = limited.fixture;
  for (const char* channel : {"a", "b", "c", "d"}) {
    ASSERT_TRUE(fixture.Publish(0, channel, "1", Keep()));
    ASSERT_TRUE(fixture.Subscribe(1, channel));
    const auto added = fixture.Await<Result<void>>(0, [&] {
      return fixture.presence(0).Add(
          channels::ChannelName(channel),
          ClientInfo{.user = "u", .client = "c", .conn_info = "", .chan_info = ""});
    });
    ASSERT_TRUE(added);
  }
  EXPECT_EQ(limited.shards->Stats().channels, 4u);
  EXPECT_EQ(limited.shards->Stats().presence_entries, 4u);
  for (const char* channel : {"a", "b", "c", "d"}) {
    fixture.Unsubscribe(1, channel);
    fixture.Await<Result<void>>(
        0, [&] { return fixture.presence(0).Remove(channels::ChannelName(channel), "c"); });
  }
  EXPECT_EQ(limited.shards->Stats().channels, 4u) << "their streams are there";
  fixture.Advance(Seconds(61));
  EXPECT_EQ(limited.shards->Stats().history_publications, 0u);
  fixture.Advance(Seconds(600));
  EXPECT_EQ(limited.shards->Stats().channels, 0u);
  EXPECT_EQ(limited.shards->Stats().history_bytes, 0u);
  EXPECT_EQ(limited.shards->Stats().presence_entries, 0u);
}

TEST(MemoryBroker, FreesExpiredPublicationsThoughNobodyReadsThem) {
  Limited limited(1, {});
  BrokerFixture& fixture = limited.fixture;
  ASSERT_TRUE(fixture.Subscribe(0, "a", {.stream = kStream}));  // its stream ends in ten minutes
  ASSERT_TRUE(fixture.Publish(0, "a", "1", Keep()));            // its publications in one
  EXPECT_EQ(limited.shards->Stats().history_publications, 1u);
  fixture.Advance(Seconds(61));
  EXPECT_EQ(limited.shards->Stats().history_publications, 0u);
}

TEST(MemoryBroker, AnIdlePublishKeepsNoChannel) {
  Limited limited(1, {});
  ASSERT_TRUE(limited.fixture.Publish(0, "a", "1"));
  EXPECT_EQ(limited.shards->Stats().channels, 0u);
}

// Subscribes the loop to so many channels in turns of its own; a turn of the test's is no measure.
void SubscribeToMany(BrokerFixture& fixture, std::size_t loop, std::size_t from, std::size_t to) {
  for (; from < to; from += 10'000) {
    fixture.Run(loop, [&] {
      for (std::size_t n = from; n < std::min(from + 10'000, to); ++n) {
        fixture.scope(loop).Spawn([](Broker& broker, std::size_t number) -> Task<void> {
          EXPECT_TRUE(co_await broker.Subscribe(ChannelName("channel:" + std::to_string(number)), {}));
        }(fixture.broker(loop), n));
      }
    });
  }
  fixture.Settle();
}

TEST(MemoryBroker, ChannelsAreListedInSlices) {
  constexpr std::size_t kChannels = 300'000;
  Limited limited(1, {});
  BrokerFixture& fixture = limited.fixture;
  SubscribeToMany(fixture, 0, 0, kChannels);
  EXPECT_EQ(fixture.broker(0).SubscribedChannels(), kChannels);
  // Other work of the loop: a message that is sent again each time it is handled.
  std::atomic<bool> listed = false;
  std::atomic<std::size_t> handled = 0;
  std::function<void()> work = [&] {
    ++handled;
    if (!listed) fixture.loop(0).Post([&] { work(); });
  };
  fixture.loop(0).Post([&] { work(); });

  const auto found = fixture.Channels(0, "channel:*00");

  listed = true;
  fixture.Settle();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), kChannels / 100 - 1) << "all but 0";
  EXPECT_GE(handled, kChannels / ChannelWalk::kSliceLooks) << "no piece is longer than a slice";
  const auto all = fixture.Channels(0, "");
  ASSERT_FALSE(all);
  EXPECT_EQ(all.error().code, Errc::kLimitExceeded);
}

TEST(MemoryBroker, AListOfChannelsIsWholeWhileTheTableGrows) {
  Limited limited(1, {});
  BrokerFixture& fixture = limited.fixture;
  SubscribeToMany(fixture, 0, 0, 20'000);
  std::atomic<bool> listed = false;
  std::thread grows([&] {
    for (std::size_t n = 20'000; n < 90'000 && !listed; n += 1000) SubscribeToMany(fixture, 0, n, n + 1000);
  });
  const auto found = fixture.Channels(0, "");
  listed = true;
  grows.join();
  ASSERT_TRUE(found);
  std::set<std::string> names;
  for (const ChannelCount& count : *found) names.insert(count.channel);
  EXPECT_EQ(names.size(), found->size()) << "each once";
  for (std::size_t n = 0; n < 20'000; ++n) ASSERT_TRUE(names.contains("channel:" + std::to_string(n))) << n;
}

TEST(MemoryBroker, RefusesAPublishToALoopThatIsBehind) {
  MemoryBrokerLimits limits;
  limits.mailbox_messages_max = 10;
  Limited limited(2, limits);
  BrokerFixture& fixture = limited.fixture;
  for (const char* channel : {"a", "b", "c", "d", "e", "f"}) {
    SCOPED_TRACE(channel);
    ASSERT_TRUE(fixture.Subscribe(1, channel));
    // Loop 1 stops in the middle of a turn with messages waiting, whether it owns the channel or follows it.
    std::binary_semaphore stopped(0);
    std::binary_semaphore go_on(0);
    fixture.loop(1).Post([&] {
      stopped.release();
      go_on.acquire();
    });
    stopped.acquire();
    for (int n = 0; n < 12; ++n) fixture.loop(1).Post([] {});
    const auto refused = fixture.Publish(0, channel, "1", Keep());
    go_on.release();
    fixture.Settle();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::kLimitExceeded);
    EXPECT_EQ(fixture.TakeLines(1).size(), 0u);
    const auto accepted = fixture.Publish(0, channel, "1", Keep());
    ASSERT_TRUE(accepted);
    EXPECT_EQ(accepted->position.offset, 1u) << "the refused one left nothing";
    fixture.TakeLines(1);
  }
}

TEST(MemoryBroker, ForgetsTheOldestIdempotencyKeyWhenThereAreTooMany) {
  MemoryBrokerLimits limits;
  limits.idempotency_keys_max = 2;
  Limited limited(1, limits);
  BrokerFixture& fixture = limited.fixture;
  for (const char* key : {"1", "2", "3"}) ASSERT_TRUE(fixture.Publish(0, "a", "x", Keep(key)));
  EXPECT_TRUE(fixture.Publish(0, "a", "x", Keep("3"))->suppressed);
  EXPECT_TRUE(fixture.Publish(0, "a", "x", Keep("2"))->suppressed);
  EXPECT_FALSE(fixture.Publish(0, "a", "x", Keep("1"))->suppressed);
}

TEST(MemoryBroker, RefusesPresenceEntriesOverTheLimitOfAllLoops) {
  MemoryBrokerLimits limits;
  limits.presence_entries_max = 3;
  Limited limited(2, limits);
  BrokerFixture& fixture = limited.fixture;
  const auto add = [&](std::string channel, std::string client) {
    return fixture.Await<Result<void>>(0, [&] {
      return fixture.presence(0).Add(
          channels::ChannelName(channel),
          ClientInfo{.user = "u", .client = client, .conn_info = "", .chan_info = ""});
    });
  };
  EXPECT_TRUE(add("a", "1") && add("b", "1") && add("c", "1"));
  const auto refused = add("d", "1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kLimitExceeded);
  EXPECT_TRUE(add("a", "1")) << "a refresh is no new entry";
}

}  // namespace
}  // namespace tidemill::broker
