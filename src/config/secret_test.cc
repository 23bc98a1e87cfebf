#include "config/secret.h"

#include <gtest/gtest.h>

namespace tidemill::config {
namespace {

TEST(StoreAddress, IsPrintedWithoutItsPassword) {
  EXPECT_EQ(MaskPassword("redis://u:hunter2@h:1/2"), "redis://u:***@h:1/2");
  EXPECT_EQ(MaskPassword("redis://:hun:t@er2@h"), "redis://:***@h");
  EXPECT_EQ(MaskPassword("unix://:hunter2@/run/r.sock"), "unix://:***@/run/r.sock");
  for (const std::string_view plain :
       {"h", "h:6379", "[::1]:1", "redis://h:1/2", "redis://u@h:1", "redis://u:@h", "unix:///run/r.sock"}) {
    EXPECT_EQ(MaskPassword(plain), plain);
  }
}

}  // namespace
}  // namespace tidemill::config
