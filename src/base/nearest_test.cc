#include "base/nearest.h"

#include <gtest/gtest.h>

#include <vector>

namespace tidemill {
namespace {

TEST(Nearest, FindsWhatWasProbablyMeant) {
  const std::vector<std::string> names = {"serve", "version", "client.ping_interval", "client.pong_timeout"};
  EXPECT_EQ(Nearest("server", names), "serve");
  EXPECT_EQ(Nearest("verzion", names), "version");
  EXPECT_EQ(Nearest("serev", names), "serve");
  EXPECT_EQ(Nearest("ping_interval", names), "client.ping_interval");
  EXPECT_EQ(Nearest("client.pimg_interval", names), "client.ping_interval");
  EXPECT_EQ(Nearest("code", std::vector<std::string>{"user", "disconnect.code"}), "disconnect.code");
  EXPECT_EQ(Nearest("xyz", names), std::nullopt);
  EXPECT_EQ(Nearest("", names), std::nullopt);
  EXPECT_EQ(Nearest(std::string(10'000, 'a'), names), std::nullopt);
}

}  // namespace
}  // namespace tidemill
