#include "realtime/broker/redis/redis_broker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <semaphore>

#include "base/testing/format_example.h"
#include "base/testing/patience.h"
#include "net/next_turn.h"
#include "net/testing/slowdown.h"
#include "realtime/broker/delivery.h"
#include "realtime/broker/redis/testing/redis_backend.h"
#include "realtime/broker/testing/broker_contract.h"
#include "realtime/broker/testing/broker_stress.h"
#include "realtime/broker/testing/map_contract.h"
#include "realtime/broker/testing/occupancy_contract.h"
#include "realtime/broker/testing/presence_contract.h"

namespace tidemill::broker {
namespace {

using testing::BackendParam;
using testing::BrokerContract;
using testing::BrokerFixture;
using testing::BrokerStress;
using testing::Keep;
using testing::kStream;
using testing::MapContract;
using testing::MapExpiryContract;
using testing::OccupancyContract;
using testing::PresenceContract;
using testing::Recover;
using testing::RedisBackend;
using testing::RedisBroker;
using testing::Server;

BackendParam OnLoops(std::size_t loops) {
  return {.name = std::to_string(loops) + (loops == 1 ? "Loop" : "Loops"),
          .loops = loops,
          .make = [](const std::vector<net::Loop*>& opened) {
            return std::make_unique<RedisBackend>(opened, RedisBrokerOptions{});
          }};
}

INSTANTIATE_TEST_SUITE_P(Redis, BrokerContract, ::testing::Values(OnLoops(1), OnLoops(3)),
                         BrokerContract::Name);
INSTANTIATE_TEST_SUITE_P(Redis, BrokerStress, ::testing::Values(OnLoops(1), OnLoops(3)), BrokerStress::Name);
INSTANTIATE_TEST_SUITE_P(Redis, OccupancyContract, ::testing::Values(OnLoops(1), OnLoops(3)),
                         OccupancyContract::Name);
INSTANTIATE_TEST_SUITE_P(Redis, PresenceContract, ::testing::Values(OnLoops(1), OnLoops(3)),
                         PresenceContract::Name);
INSTANTIATE_TEST_SUITE_P(Redis, MapContract, ::testing::Values(OnLoops(1), OnLoops(3)), MapContract::Name);
INSTANTIATE_TEST_SUITE_P(Redis, MapExpiryContract, ::testing::Values(OnLoops(1), OnLoops(3)),
                         MapExpiryContract::Name);

TEST_F(RedisBroker, APositionBeforeTheFirstPublicationIsKeptForAnHour) {
  StreamSettings settings = kStream;
  settings.meta_ttl = Hours(720);
  const StreamPosition seen = fixture.Subscribe(0, "a", {.stream = settings})->top;
  fixture.Unsubscribe(0, "a");
  ASSERT_TRUE(fixture.History(1, "b", {}, settings));
  ASSERT_TRUE(fixture.History(1, "c", {}, kStream));
  EXPECT_GT(Pttl(".meta.{.a}"), Minutes(50).ms);
  EXPECT_LE(Pttl(".meta.{.a}"), Hours(1).ms);
  EXPECT_LE(Pttl(".meta.{.b}"), Hours(1).ms);
  EXPECT_LE(Pttl(".meta.{.c}"), kStream.meta_ttl.ms) << "no longer than the settings say";

  PublishOptions options = Keep();
  options.stream = settings;
  ASSERT_TRUE(fixture.Publish(0, "a", "1", options));
  EXPECT_GT(Pttl(".meta.{.a}"), Hours(719).ms);
  EXPECT_TRUE(fixture.Subscribe(0, "a", {.stream = settings, .recover = seen})->recovered);
  EXPECT_GT(Pttl(".meta.{.a}"), Hours(719).ms) << "and a read keeps it so";
}
TEST_F(RedisBroker, KeysExpireAsTheSettingsSay) {
  ASSERT_TRUE(fixture.Publish(0, "a", "1", Keep("k")));
  const auto within = [](std::int64_t ms, Duration ttl) { return ms > ttl.ms - 10'000 && ms <= ttl.ms; };
  EXPECT_TRUE(within(Pttl(".stream.{.a}"), Seconds(60)));
  EXPECT_TRUE(within(Pttl(".meta.{.a}"), Seconds(600)));
  EXPECT_TRUE(within(Pttl(".result.{.a}.k"), Minutes(5)));
  const auto added = fixture.Await<Result<void>>(0, [&] {
    return fixture.presence(0).Add(ChannelName("a"),
                                   ClientInfo{.user = "u", .client = "c", .conn_info = "", .chan_info = ""});
  });
  ASSERT_TRUE(added);
  for (const char* key : {".presence.data.{.a}", ".presence.expiry.{.a}", ".presence.users.{.a}"}) {
    EXPECT_TRUE(within(Pttl(key), Seconds(60))) << key;
  }
}

// docs/formats/redis-record.md tells the truth.
TEST_F(RedisBroker, KeepsWhatItsFormatDocumentShows) {
  const auto example = [](const char* name) {
    return tidemill::testing::BytesExample("redis-record.md", name);
  };
  const ClientInfo info{.user = "u", .client = "c1", .conn_info = "{}", .chan_info = ""};
  Publication publication;
  publication.data = R"({"a":1})";
  publication.info = info;
  publication.tags = {{"k", "v"}};
  publication.data_is_json = true;
  publication.send_delta = true;
  const auto published = fixture.Await<Result<PublishOutcome>>(
      0, [&] { return fixture.broker(0).Publish(ChannelName("a"), publication, Keep()); });
  ASSERT_TRUE(published);
  const redis::Reply entries = Ask("XRANGE", ".stream.{.a}", {"-", "+"});
  ASSERT_EQ(entries.elements.size(), 1u);
  EXPECT_EQ(entries.elements[0].elements[0].text, "1-0");
  const std::vector<redis::Reply>& fields = entries.elements[0].elements[1].elements;
  ASSERT_EQ(fields.size(), 2u);
  EXPECT_EQ(fields[0].text, "d");
  EXPECT_EQ(fields[1].text, example("publication"));
  EXPECT_EQ(Ask("HGET", ".meta.{.a}", {"e"}).text, published->position.epoch);
  EXPECT_EQ(Ask("HGET", ".meta.{.a}", {"s"}).text, "1");
  ASSERT_TRUE(
      fixture.Await<Result<void>>(0, [&] { return fixture.presence(0).Add(ChannelName("a"), info); }));
  EXPECT_EQ(Ask("HGET", ".presence.data.{.a}", {"c1"}).text, example("presence-value"));
  EXPECT_EQ(Ask("HGET", ".presence.users.{.a}", {"u"}).text, "1");
}

TEST_F(RedisBroker, KeepsAChannelForAWhileAfterItsLastSubscriber) {
  const auto subscribed = [&] {
    return Server().Ask({"PUBSUB", "NUMSUB", backend->prefix() + ".client.{.a}"}).elements[1].integer;
  };
  ASSERT_TRUE(fixture.Subscribe(0, "a"));
  ASSERT_TRUE(fixture.Subscribe(1, "a"));
  EXPECT_EQ(subscribed(), 1) << "one loop follows it for both";
  fixture.Unsubscribe(0, "a");
  fixture.Unsubscribe(1, "a");
  EXPECT_EQ(subscribed(), 1);
  ASSERT_TRUE(fixture.Subscribe(0, "a"));
  fixture.Unsubscribe(0, "a");
  fixture.Advance(Milliseconds(1100));
  EXPECT_EQ(subscribed(), 0);
}

TEST_F(RedisBroker, ChecksThePositionOfASilentChannelOnce) {
  for (int n = 0; n < 5; ++n)
    ASSERT_TRUE(fixture.Subscribe(static_cast<std::size_t>(n) % 2, "a", {.stream = kStream}));
  fixture.Advance(Seconds(51));
  EXPECT_EQ(backend->metrics().catch_ups.value(), 1u);
  EXPECT_TRUE(fixture.TakeLines(0).empty());
}

TEST_F(RedisBroker, HandsOnWhatPubSubLost) {
  ASSERT_TRUE(fixture.Subscribe(0, "a", {.stream = kStream}));
  ASSERT_TRUE(fixture.Publish(1, "a", "1", Keep()));
  EXPECT_EQ(fixture.TakeLines(0), (std::vector<std::string>{"a pub 1 1"}));
  // Appended as the script does it, but not published.
  Ask("XADD", ".stream.{.a}", {"2-0", "d", "\n\0012"});
  Ask("HSET", ".meta.{.a}", {"s", "2"});
  fixture.Advance(Seconds(51));
  EXPECT_EQ(fixture.TakeLines(0), (std::vector<std::string>{"a pub 2 2"}));
}

TEST_F(RedisBroker, ALostStreamIsToldAndRecoveryDoesNotLie) {
  struct Case {
    const char* name;
    std::vector<std::vector<std::string>> harm;  // command, key, arguments
  };
  const Case cases[] = {
      {"deleted", {{"DEL", ".meta.{.a}"}}},
      {"fell back", {{"XTRIM", ".stream.{.a}", "MAXLEN", "0"}, {"HSET", ".meta.{.a}", "s", "1"}}},
      {"removed", {{"XTRIM", ".stream.{.a}", "MAXLEN", "0"}, {"HSET", ".meta.{.a}", "s", "9"}}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    ASSERT_TRUE(fixture.Subscribe(0, "a", {.stream = kStream}));
    for (const char* data : {"1", "2", "3"}) ASSERT_TRUE(fixture.Publish(1, "a", data, Keep()));
    const StreamPosition seen = fixture.History(0, "a", {}, kStream)->top;
    ASSERT_EQ(fixture.TakeLines(0).size(), 3u);
    for (const auto& step : c.harm) {
      ASSERT_FALSE(Ask(step[0], step[1], {step.begin() + 2, step.end()}).is_error());
    }
    fixture.Advance(Seconds(51));
    EXPECT_EQ(fixture.TakeLines(0), (std::vector<std::string>{"a lost"}));
    const auto back = fixture.Subscribe(1, "a", Recover(seen));
    ASSERT_TRUE(back);
    EXPECT_FALSE(back->recovered);
    fixture.Unsubscribe(0, "a");
    fixture.Unsubscribe(1, "a");
    fixture.Advance(Seconds(2));
    Ask("DEL", ".meta.{.a}");
  }
}

// The offsets that a Redis lost with its tail are not given out again: 3 and 4 were seen, and then gone.
TEST_F(RedisBroker, ANewIncarnationSkipsWhatMayHaveBeenLost) {
  for (const char* data : {"1", "2"}) ASSERT_TRUE(fixture.Publish(0, "a", data, Keep()));
  const std::string epoch = fixture.History(0, "a", {}, kStream)->top.epoch;
  ASSERT_FALSE(Ask("HSET", ".meta.{.a}", {"i", "1"}).is_error());
  constexpr std::uint64_t kSkipped = (1u << 24) + 1;
  const auto first = fixture.Publish(0, "a", "5", Keep());
  ASSERT_TRUE(first);
  EXPECT_EQ(first->position, (StreamPosition{.offset = kSkipped, .epoch = epoch}));
  ASSERT_TRUE(fixture.Publish(0, "a", "6", Keep()));

  const auto recover = [&](std::uint64_t offset) {
    auto outcome = fixture.Subscribe(1, "a", Recover({.offset = offset, .epoch = epoch}));
    return outcome && outcome->recovered ? static_cast<int>(outcome->publications.size()) : -1;
  };
  EXPECT_EQ(recover(1), 3);
  EXPECT_EQ(recover(2), 2) << "exactly across the skip";
  EXPECT_EQ(recover(3), -1) << "saw what is gone";
  EXPECT_EQ(recover(4), -1);
  EXPECT_EQ(recover(kSkipped), 1);
  EXPECT_EQ(recover(kSkipped + 1), 0);
}

TEST_F(RedisBroker, RenewsAClientOnceHoweverOftenItCameAndWent) {
  const auto add = [&] {
    return fixture.Await<Result<void>>(0, [&] {
      return fixture.presence(0).Add(
          ChannelName("a"), ClientInfo{.user = "u", .client = "c", .conn_info = "", .chan_info = ""});
    });
  };
  const auto remove = [&] {
    return fixture.Await<Result<void>>(0, [&] { return fixture.presence(0).Remove(ChannelName("a"), "c"); });
  };
  for (int visit = 0; visit < 3; ++visit) ASSERT_TRUE(add() && remove());
  ASSERT_TRUE(add());
  fixture.Advance(Seconds(28));
  EXPECT_EQ(backend->metrics().presence_renewed.value(), 1u);
  ASSERT_TRUE(remove());
  fixture.Advance(Seconds(28));
  fixture.Advance(Seconds(28));
  EXPECT_EQ(backend->metrics().presence_renewed.value(), 1u);
}

TEST_F(RedisBroker, RenewsThousandsInShortTurns) {
  constexpr std::size_t kClients = 10'000;  // of one channel, and as many of channels of their own
  const auto add = [](PresenceStore& presence, net::Loop& loop) -> Task<Result<void>> {
    for (std::size_t i = 0; i < kClients; ++i) {
      const std::string id = "client-" + std::to_string(i);
      const ClientInfo info{.user = "u", .client = id, .conn_info = "", .chan_info = ""};
      TM_CO_TRY(co_await presence.Add(ChannelName("a"), info));
      TM_CO_TRY(co_await presence.Add(ChannelName("of-" + id), info));
      if (loop.ShareSpent()) co_await net::NextTurn(loop);
    }
    co_return Result<void>();
  };
  ASSERT_TRUE(fixture.Await<Result<void>>(0, [&] { return add(fixture.presence(0), fixture.loop(0)); }));
  const auto& renewed = backend->metrics().presence_renewed;
  const auto before = renewed.value();
  fixture.Advance(Seconds(28));
  const MonotonicTime give_up = SystemClock().Now() + tidemill::testing::kPatience;
  while (renewed.value() < before + 2 * kClients && SystemClock().Now() < give_up) fixture.Settle();
  EXPECT_EQ(renewed.value(), before + 2 * kClients);
  // Without optimization the answers of one read, thousands, take some milliseconds; all in one turn would
  // take a hundred.
  EXPECT_LT(fixture.loop(0).meter().longest_cpu(), net::TurnMeter::kLong * 4 * net::testing::kSlowdown);
}

TEST_F(RedisBroker, AFullRedisRefusesAndKeepsNothing) {
  ASSERT_TRUE(fixture.Publish(0, "a", "1", Keep()));
  Server().Ask({"CONFIG", "SET", "maxmemory", "1"});
  const auto refused = fixture.Publish(0, "a", "2", Keep());
  Server().Ask({"CONFIG", "SET", "maxmemory", "0"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kRefused);
  EXPECT_EQ(fixture.Publish(0, "a", "3", Keep())->position.offset, 2u);
}

TEST_F(RedisBroker, ASubscribeThatFailsOccupiesNothing) {
  ASSERT_FALSE(Ask("SET", ".meta.{.a}", {"no hash"}).is_error());
  for (std::size_t i = 0; i < 2; ++i) ASSERT_FALSE(fixture.Subscribe(i, "a", {.stream = kStream}));
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(fixture.TakeOccupancy(i), std::vector<std::string>{});
  EXPECT_TRUE(fixture.Channels(0, "")->empty());
}

TEST(RedisBrokerLimits, ALoopThatIsBehindLosesTheStreamAndIsToldOnce) {
  BrokerFixture fixture(2, [](const std::vector<net::Loop*>& loops) {
    return std::make_unique<RedisBackend>(loops, RedisBrokerOptions{.mailbox_messages_max = 10});
  });
  // A channel that the first loop owns.
  std::string channel = "a";
  while (OwnerLoop(ChannelName(channel), 2) != 0) channel += "a";
  ASSERT_TRUE(fixture.Subscribe(1, channel, {.stream = kStream}));
  ASSERT_TRUE(fixture.Subscribe(0, channel, {.stream = kStream}));
  std::binary_semaphore go_on(0);
  fixture.loop(1).Post([&] { go_on.acquire(); });
  constexpr std::size_t kPublications = 50;
  for (std::size_t n = 0; n < kPublications; ++n) ASSERT_TRUE(fixture.Publish(0, channel, "1", Keep()));
  while (true) {  // until all have come to the first loop
    std::size_t lines = 0;
    fixture.Run(0, [&] { lines = fixture.recorder(0).lines.size(); });
    if (lines == kPublications) break;
  }
  go_on.release();
  const std::vector<std::string> lines = fixture.TakeLines(1);
  ASSERT_GT(lines.size(), 5u);
  EXPECT_LE(lines.size(), 12u);
  EXPECT_EQ(lines.back(), channel + " lost");
  EXPECT_EQ(std::ranges::count(lines, channel + " lost"), 1);
  ASSERT_TRUE(fixture.Publish(0, channel, "again", Keep()));
  EXPECT_EQ(fixture.TakeLines(1), (std::vector<std::string>{channel + " pub 51 again"}));
}

TEST(RedisBrokerLimits, RefusesASubscribeWhenTooManyWaitForRedis) {
  RedisBackend* backend = nullptr;
  BrokerFixture fixture(1, [&](const std::vector<net::Loop*>& loops) {
    auto made = std::make_unique<RedisBackend>(loops, RedisBrokerOptions{.subscribes_waiting_max = 3});
    backend = made.get();
    return made;
  });
  std::vector<Result<SubscribeOutcome>> outcomes;
  fixture.Run(0, [&] {  // in one turn: Redis cannot answer meanwhile
    for (const char* channel : {"a", "a", "b", "b", "c"}) {
      fixture.scope(0).Spawn([](Broker& broker, ChannelName name, auto& all) -> Task<void> {
        all.push_back(co_await broker.Subscribe(name, {}));
      }(fixture.broker(0), ChannelName(channel), outcomes));
    }
    ASSERT_EQ(outcomes.size(), 2u);
    for (const auto& refused : outcomes) EXPECT_EQ(refused.error().code, Errc::kUnavailable);
  });
  EXPECT_EQ(backend->metrics().subscribes_refused.value(), 2u);
  while (true) {
    std::size_t answered = 0;
    fixture.Run(0, [&] { answered = outcomes.size(); });
    if (answered == 5) break;
  }
  EXPECT_TRUE(fixture.Subscribe(0, "c")) << "the others have been answered";
}

TEST_F(RedisBroker, IgnoresMessagesOfAnotherVersion) {
  ASSERT_TRUE(fixture.Subscribe(0, "a"));
  Server().Ask({"PUBLISH", backend->prefix() + ".client.{.a}", "9P0:0:\n"});
  Server().Ask({"PUBLISH", backend->prefix() + ".client.{.a}", ""});
  ASSERT_TRUE(fixture.Publish(0, "a", "1"));
  EXPECT_EQ(fixture.TakeLines(0), (std::vector<std::string>{"a pub 0 1"}));
  EXPECT_EQ(backend->metrics().malformed.value(), 2u);
}

}  // namespace
}  // namespace tidemill::broker
