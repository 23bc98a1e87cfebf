// client.token.leeway, as connect, subscribe, refresh and sub_refresh see it.
#include <gtest/gtest.h>

#include "realtime/session/testing/session_fixture.h"

namespace tidemill::session {
namespace {

constexpr std::int64_t kLeewaySeconds = 60;

class LeewayTest : public testing::Test {
 protected:
  LeewayTest() : bench_(Settings()) {}

  static BenchSettings Settings() {
    BenchSettings settings = TestSettings();
    settings.client.token.leeway = Seconds(kLeewaySeconds);
    return settings;
  }
  // A token that expires in so many seconds.
  std::string Token(std::int64_t seconds, const std::string& claims = "") const {
    return SessionBench::Token("{\"sub\":\"u\",\"exp\":" + std::to_string(bench_.WallSeconds() + seconds) +
                               claims + "}");
  }
  std::string SubToken(std::int64_t seconds) const { return Token(seconds, R"(,"channel":"$plain:p")"); }
  std::unique_ptr<TestClient> Connected(std::int64_t seconds) {
    auto client = bench_.Connect();
    connected_ = client->Say(R"({"id":1,"connect":{"token":")" + Token(seconds) + "\"}}");
    return client;
  }
  static Lines Subscribe(TestClient& client, const std::string& token) {
    return client.Say(R"({"id":2,"subscribe":{"channel":"$plain:p","token":")" + token + "\"}}");
  }

  SessionBench bench_;
  Lines connected_;
};

TEST_F(LeewayTest, WhatExpiredAMomentAgoIsGood) {
  auto client = Connected(-5);
  ASSERT_EQ(connected_.size(), 1u);
  EXPECT_TRUE(connected_[0].contains(R"("expires":true,"ttl":55)")) << connected_[0];
  EXPECT_EQ(client->Say(R"({"id":3,"refresh":{"token":")" + Token(-6) + "\"}}"),
            Lines{R"({"id":3,"refresh":{"expires":true,"ttl":54}})"});
  EXPECT_EQ(Subscribe(*client, SubToken(-7)), Lines{R"({"id":2,"subscribe":{"expires":true,"ttl":53}})"});
  EXPECT_EQ(client->Say(R"({"id":4,"sub_refresh":{"channel":"$plain:p","token":")" + SubToken(-8) + "\"}}"),
            Lines{R"({"id":4,"sub_refresh":{"expires":true,"ttl":52}})"});
}

TEST_F(LeewayTest, WhatExpiredBeforeThatIsNot) {
  auto late = Connected(-kLeewaySeconds);
  EXPECT_EQ(connected_, Lines{R"({"id":1,"error":{"code":109,"message":"token expired"}})"});
  auto client = Connected(100);
  EXPECT_EQ(Subscribe(*client, SubToken(-kLeewaySeconds)),
            Lines{R"({"id":2,"error":{"code":109,"message":"token expired"}})"});
  client->Say(R"({"id":3,"refresh":{"token":")" + Token(-kLeewaySeconds) + "\"}}");
  EXPECT_EQ(client->close_code(), 3005u);
}

TEST_F(LeewayTest, AConnectionLastsAsLongAsItsTokenIsTaken) {
  auto client = Connected(-5);
  for (int i = 0; i < 55 + 24; ++i) {
    bench_.Advance(Seconds(1));
    for (const std::string& line : client->Hear()) {
      if (line == "{}") client->Say("{}");
    }
  }
  EXPECT_EQ(client->close_code(), 0u) << "until leeway and client.expired_close_delay are over";
  bench_.Advance(Seconds(2));
  EXPECT_EQ(client->close_code(), 3005u);
}

}  // namespace
}  // namespace tidemill::session
