#include "realtime/session/lifecycle.h"

#include <gtest/gtest.h>

#include <string>

#include "realtime/session/client.h"
#include "realtime/session/testing/session_fixture.h"

namespace tidemill::session {
namespace {

BenchSettings WithReports() {
  BenchSettings settings = TestSettings();
  settings.channel.namespaces["plain"].state_proxy_join_leave = true;
  return settings;
}

struct Recorder final : LifecycleEvents {
  void OnConnected(const Client& client, const AppNames::App& app) override {
    lines.push_back("connect " + client.user + " " + app.name);
  }
  void OnDisconnected(const Client& client, const AppNames::App&, std::uint32_t code,
                      std::string_view reason) override {
    lines.push_back("disconnect " + client.user + " " + std::to_string(code) + " " + std::string(reason));
  }
  bool WantsJoins(const channels::ChannelOptions& options) const override {
    return options.state_proxy_join_leave;
  }
  void OnJoined(const Client& client, std::string_view channel) override {
    lines.push_back("join " + client.user + " " + std::string(channel));
  }
  void OnLeft(const Client& client, std::string_view channel) override {
    lines.push_back("leave " + client.user + " " + std::string(channel));
  }
  Lines lines;
};

class LifecycleTest : public SessionTest {
 protected:
  LifecycleTest() : SessionTest(WithReports()) { bench_.context().lifecycle.Add(recorder_); }
  Lines Told() { return std::exchange(recorder_.lines, {}); }

  Recorder recorder_;
};

TEST_F(LifecycleTest, TellsOfConnectionsAndSubscriptionsEachOnce) {
  auto client = Connected(R"({"sub":"ann"})");
  EXPECT_EQ(Told(), (Lines{"connect ann "}));
  client->Say(R"({"id":2,"subscribe":{"channel":"plain:a"}})");
  client->Say(R"({"id":3,"subscribe":{"channel":"room:b"}})");
  EXPECT_EQ(Told(), (Lines{"join ann plain:a"})) << "room does not want it";
  client->Say(R"({"id":4,"unsubscribe":{"channel":"plain:a"}})");
  EXPECT_EQ(Told(), (Lines{"leave ann plain:a"}));
  client->Say(R"({"id":5,"subscribe":{"channel":"plain:a"}})");
  Told();
  client->HangUp();
  bench_.Turn();
  EXPECT_EQ(Told(), (Lines{"leave ann plain:a", "disconnect ann 3000 connection closed"}));
}

TEST_F(LifecycleTest, TellsTheCodeOfADisconnect) {
  auto client = Connected(R"({"sub":"ann"})");
  Told();
  client->session().Disconnect(protocol::kDisconnectForceNoReconnect);
  EXPECT_EQ(Told(), (Lines{"disconnect ann " + std::to_string(protocol::kDisconnectForceNoReconnect.code) +
                           " " + std::string(protocol::kDisconnectForceNoReconnect.reason)}));
}

TEST_F(LifecycleTest, SaysNothingOfWhoNeverCameIn) {
  auto client = bench_.Connect();
  client->Say(R"({"id":1,"connect":{"token":"no token"}})");
  client->HangUp();
  bench_.Turn();
  EXPECT_EQ(Told(), (Lines{}));
}

TEST_F(LifecycleTest, SaysNothingOfASubscriptionThatFails) {
  auto client = Connected(R"({"sub":"ann"})");
  Told();
  client->Say(R"({"id":2,"subscribe":{"channel":"closed:a"}})");
  EXPECT_EQ(Told(), (Lines{}));
}

}  // namespace
}  // namespace tidemill::session
