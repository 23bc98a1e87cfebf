#include "queries/cache/redis/change_message.h"

#include <gtest/gtest.h>

namespace tidemill::queries::redis_tier {
namespace {

TEST(ChangeMessage, ComesBackAsItWas) {
  const ChangeMessage message{.node = "n1", .names = {"orders", "tag"}};
  EXPECT_EQ(EncodeChange(message.node, message.names), "1\nn1\norders\ntag\n");
  EXPECT_EQ(DecodeChange("1\nn1\norders\ntag\n"), message);
  EXPECT_EQ(DecodeChange("1\nn1\n"), (ChangeMessage{.node = "n1"}));
  for (const char* bad : {"", "1", "1\n", "1\nn1\norders", "2\nn1\norders\n"}) {
    EXPECT_FALSE(DecodeChange(bad)) << bad;
  }
}

}  // namespace
}  // namespace tidemill::queries::redis_tier
