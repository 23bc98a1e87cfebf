// Who is in channels, as keys of map channels.
#include "realtime/session/presence_mirror.h"

#include <gtest/gtest.h>

#include "realtime/session/testing/session_fixture.h"

namespace tidemill::session {
namespace {

BenchSettings MirrorSettings() {
  BenchSettings settings = TestSettings();
  auto& namespaces = settings.channel.namespaces;
  channels::ChannelOptions& lobby = namespaces["lobby"];
  lobby.allow_subscribe_for_client = lobby.allow_subscribe_for_anonymous = true;
  lobby.map_clients_presence_channel_prefix = "clients:";
  lobby.map_users_presence_channel_prefix = "users:";
  channels::ChannelOptions& clients = namespaces["clients"];
  clients.allow_subscribe_for_client = true;
  clients.subscription_type = "map_clients";
  clients.map.mode = "recoverable";
  clients.map.key_ttl = Seconds(30);
  namespaces["users"] = clients;
  namespaces["users"].subscription_type = "map_users";
  namespaces["users"].map.mode = "ephemeral";
  settings.client.pong_timeout = Seconds(0);
  return settings;
}

class PresenceMirrorTest : public SessionTest {
 protected:
  PresenceMirrorTest() : SessionTest(MirrorSettings()) {}

  std::unique_ptr<TestClient> InLobby(std::string_view claims) {
    auto client = Connected(claims);
    (void)client->Say(R"({"id":2,"subscribe":{"channel":"lobby:a"}})");
    return client;
  }
  // As the server does it. `clients`: where the lobby's clients are from now on; others: is a map too.
  void Reload(std::string clients, Duration key_ttl) {
    BenchSettings settings = MirrorSettings();
    auto& namespaces = settings.channel.namespaces;
    namespaces["lobby"].map_clients_presence_channel_prefix = std::move(clients);
    namespaces["clients"].map.key_ttl = key_ttl;
    namespaces["others"] = namespaces["clients"];
    auto replaced = std::make_shared<SessionSettings>(*bench_.context().settings);
    replaced->rules = *channels::Rules::Make(settings.channel, settings.client.PersonalNamespace());
    bench_.maps().ReplaceRules(replaced->rules);
    bench_.context().settings = std::move(replaced);
  }
  // "key:user …" of the map.
  std::string State(std::string channel) {
    std::string text;
    scope_.Spawn([](broker::MapPublisher& maps, std::string name, std::string& out) -> Task<void> {
      const auto page = co_await maps.ReadState({.channel = std::move(name), .query = {.limit = 100}});
      for (const auto& entry : page->entries) {
        out += entry->key + (entry->info ? ":" + entry->info->user : "") + " ";
      }
    }(bench_.maps(), std::move(channel), text));
    return text;
  }

  TaskScope scope_;
};

TEST_F(PresenceMirrorTest, AClientsKeyComesAndGoesWithIt) {
  const auto watcher = Connected();
  (void)watcher->Say(R"({"id":2,"subscribe":{"channel":"clients:lobby:a","type":2,"phase":2}})");
  const auto ann = InLobby(R"({"sub":"ann"})");
  EXPECT_EQ(State("clients:lobby:a"), ann->id() + ":ann ");
  const Lines came = watcher->Hear();
  ASSERT_EQ(came.size(), 1u);
  EXPECT_NE(came[0].find(R"("pub":{"info":{"user":"ann","client":")" + ann->id()), std::string::npos)
      << came[0];
  (void)ann->Say(R"({"id":3,"unsubscribe":{"channel":"lobby:a"}})");
  EXPECT_EQ(State("clients:lobby:a"), "");
  const Lines went = watcher->Hear();
  ASSERT_EQ(went.size(), 1u);
  EXPECT_NE(went[0].find(R"("removed":true)"), std::string::npos) << went[0];
}

TEST_F(PresenceMirrorTest, AUserIsThereOnceAndStaysForAWhile) {
  const auto one = InLobby(R"({"sub":"ann"})");
  const auto two = InLobby(R"({"sub":"ann"})");
  const auto anonymous = bench_.Connect();
  (void)anonymous->Say(R"({"id":1,"connect":{}})");
  (void)anonymous->Say(R"({"id":2,"subscribe":{"channel":"lobby:a"}})");
  EXPECT_EQ(State("users:lobby:a"), "ann ") << "without a user there is no key";
  one->HangUp();
  bench_.Advance(Seconds(40));
  EXPECT_EQ(State("users:lobby:a"), "ann ") << "the other is there";
  two->HangUp();
  EXPECT_EQ(State("users:lobby:a"), "ann ") << "it may come back";
  bench_.Advance(Seconds(31));
  EXPECT_EQ(State("users:lobby:a"), "");
}

TEST_F(PresenceMirrorTest, KeysAreRenewedAsLongAsSomebodyIsThere) {
  const auto watcher = Connected();
  (void)watcher->Say(R"({"id":2,"subscribe":{"channel":"clients:lobby:a","type":2,"phase":2}})");
  const auto ann = InLobby(R"({"sub":"ann"})");
  EXPECT_EQ(watcher->Hear().size(), 1u);
  for (int n = 0; n < 4; ++n) {
    bench_.Advance(Seconds(29));
    EXPECT_EQ(State("clients:lobby:a"), ann->id() + ":ann ");
  }
  for (const std::string& line : watcher->Hear()) {
    EXPECT_EQ(line.find("pub"), std::string::npos) << "a renewal is no change: " << line;
  }
}

// A broker that is away, or not; counts what it was asked to publish.
class CountingMaps final : public broker::MapBroker {
 public:
  Task<Result<broker::MapOutcome>> Publish(broker::ChannelName, broker::Publication,
                                           broker::MapPublishOptions) override {
    ++published;
    if (away) co_return Fail(Errc::kUnavailable, "away");
    co_return broker::MapOutcome{};
  }
  Task<Result<broker::MapOutcome>> Remove(broker::ChannelName, std::string,
                                          broker::MapRemoveOptions) override {
    co_return Fail(Errc::kUnavailable, "away");
  }
  Task<Result<broker::MapPage>> ReadState(broker::ChannelName, broker::MapStateQuery,
                                          broker::MapSettings) override {
    co_return Fail(Errc::kUnavailable, "away");
  }
  Task<Result<broker::MapStats>> Stats(broker::ChannelName) override {
    co_return Fail(Errc::kUnavailable, "away");
  }
  Task<Result<void>> Clear(broker::ChannelName) override { co_return Fail(Errc::kUnavailable, "away"); }

  bool away = true;
  std::size_t published = 0;
};

TEST_F(PresenceMirrorTest, WhatFailsIsTriedAgain) {
  CountingMaps counting;
  Context& context = bench_.context();
  broker::MapPublisher maps(counting, bench_.broker(), context.settings->rules);
  PresenceMirror mirror(bench_.loop(), maps, context.metrics, scope_, context.settings);
  const PresenceMirror::Place place{.channel = "clients:lobby:a", .key = "k"};
  mirror.Enter(place, std::nullopt);
  bench_.Turn();
  EXPECT_EQ(context.metrics.mirror_failed.value(), 1u);
  bench_.Advance(Seconds(3));
  EXPECT_GE(counting.published, 3u);
  EXPECT_EQ(context.metrics.mirror_failed.value(), counting.published);
  EXPECT_TRUE(mirror.Leave(place));
  EXPECT_FALSE(mirror.Leave(place));
  const std::size_t before = counting.published;
  bench_.Advance(Seconds(3));
  EXPECT_EQ(counting.published, before);
}

TEST_F(PresenceMirrorTest, WhatCannotWorkIsNotTriedEachSecond) {
  Context& context = bench_.context();
  PresenceMirror mirror(bench_.loop(), bench_.maps(), context.metrics, scope_, context.settings);
  mirror.Enter({.channel = "plain:no map", .key = "k"}, std::nullopt);
  bench_.Advance(Seconds(20));
  EXPECT_EQ(context.metrics.mirror_failed.value(), 1u);
  bench_.Advance(Seconds(20));
  EXPECT_EQ(context.metrics.mirror_failed.value(), 2u) << "it may be one after a reload";
}

TEST_F(PresenceMirrorTest, AKeyGoesThoughAReloadNamesAnotherMap) {
  for (const char* prefix : {"", "others:"}) {
    Reload("clients:", Seconds(30));
    const auto ann = InLobby(R"({"sub":"ann"})");
    EXPECT_EQ(State("clients:lobby:a"), ann->id() + ":ann ");
    Reload(prefix, Seconds(30));
    (void)ann->Say(R"({"id":3,"unsubscribe":{"channel":"lobby:a"}})");
    EXPECT_EQ(State("clients:lobby:a"), "") << prefix;
    bench_.Advance(Seconds(61));
    EXPECT_EQ(State("clients:lobby:a"), "") << "nobody renews it: " << prefix;
    EXPECT_EQ(State("users:lobby:a"), "") << prefix;
  }
}

TEST_F(PresenceMirrorTest, KeysAreRenewedAsOftenAsAReloadSays) {
  const auto ann = InLobby(R"({"sub":"ann"})");
  Reload("clients:", Seconds(6));
  bench_.Advance(Seconds(10));
  for (int n = 0; n < 60; ++n) {
    bench_.Advance(Seconds(1));
    EXPECT_EQ(State("clients:lobby:a"), ann->id() + ":ann ") << n;
  }
}

TEST_F(PresenceMirrorTest, AShortLifeIsNoBusyLoop) {
  Reload("clients:", Milliseconds(2));
  CountingMaps counting;
  counting.away = false;
  Context& context = bench_.context();
  broker::MapPublisher maps(counting, bench_.broker(), context.settings->rules);
  PresenceMirror mirror(bench_.loop(), maps, context.metrics, scope_, context.settings);
  mirror.Enter({.channel = "clients:lobby:a", .key = "k"}, std::nullopt);
  EXPECT_LE(counting.published, 1u) << "one turn";
  bench_.Advance(Seconds(3));
  EXPECT_LE(counting.published, 4u);
}

}  // namespace
}  // namespace tidemill::session
