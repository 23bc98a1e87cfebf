#include "realtime/session/testing/session_fixture.h"

#include <algorithm>

#include "net/turn_meter.h"

namespace tidemill::session {

BenchSettings TestSettings() {
  BenchSettings settings;
  settings.client.allow_anonymous_connect_without_token = true;
  settings.client.pong_timeout = Seconds(8);
  channels::ChannelOptions room;
  room.presence = true;
  room.join_leave = true;
  room.force_push_join_leave = true;
  room.history_size = 5;
  room.history_ttl = Seconds(300);
  room.force_recovery = true;
  room.allow_subscribe_for_client = true;
  room.allow_subscribe_for_anonymous = true;
  room.allow_publish_for_subscriber = true;
  room.allow_presence_for_subscriber = true;
  room.allow_history_for_subscriber = true;
  settings.channel.namespaces["room"] = room;
  channels::ChannelOptions plain;
  plain.allow_subscribe_for_client = true;
  plain.allow_subscribe_for_anonymous = true;
  settings.channel.namespaces["plain"] = plain;
  settings.channel.namespaces["closed"] = {};
  return settings;
}

std::unique_ptr<TestClient> SessionTest::Connected(std::string_view claims) {
  auto client = bench_.Connect();
  client->Say(R"({"id":1,"connect":{"token":")" + SessionBench::Token(claims) + "\"}}");
  return client;
}

std::string SessionTest::EpochOf(const std::string& channel) {
  const auto client = Connected(R"({"sub":"epoch"})");
  client->Hear();
  const std::string reply = client->Say(R"({"id":2,"subscribe":{"channel":")" + channel + "\"}}").front();
  constexpr std::string_view kName = R"("epoch":")";
  return reply.substr(reply.find(kName) + kName.size(), 8);
}

std::string SessionTest::SubToken(std::string_view channel, std::int64_t seconds) {
  return SessionBench::Token(R"({"sub":"u","channel":")" + std::string(channel) + R"(","exp":)" +
                             Exp(seconds) + "}");
}

std::int64_t SessionTest::LongestTurn(const std::function<void()>& begin, const bool& done) {
  std::int64_t longest_us = 0;
  const auto measured = [&](const auto& turn) {
    const std::int64_t before = net::ThreadCpuMicros();
    turn();
    longest_us = std::max(longest_us, net::ThreadCpuMicros() - before);
  };
  measured(begin);
  for (int turns = 0; !done && turns < 100'000; ++turns) measured([&] { bench_.Turn(); });
  EXPECT_TRUE(done);
  return longest_us;
}

}  // namespace tidemill::session
