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

TEST_F(PresenceMirrorTest, WhatFailsIsTriedAgain) {
  PresenceMirror mirror(bench_.loop(), bench_.maps(), bench_.context().metrics, scope_);
  mirror.Enter({.channel = "plain:no map", .key = "k"}, std::nullopt, Seconds(10));
  bench_.Turn();
  EXPECT_EQ(bench_.context().metrics.mirror_failed.value(), 1u);
  bench_.Advance(Seconds(3));
  EXPECT_GE(bench_.context().metrics.mirror_failed.value(), 3u);
  EXPECT_TRUE(mirror.Leave({.channel = "plain:no map", .key = "k"}));
  EXPECT_FALSE(mirror.Leave({.channel = "plain:no map", .key = "k"}));
  bench_.Advance(Seconds(3));
  EXPECT_LE(bench_.context().metrics.mirror_failed.value(), 5u);
}

}  // namespace
}  // namespace tidemill::session
