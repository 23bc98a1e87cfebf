#include "config/secret.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/value.h"

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

TEST(Url, IsPrintedWithoutItsPasswordAndItsQuery) {
  EXPECT_EQ(MaskUrl("https://u:hunter2@h:1/a?b"), "https://u:***@h:1/a?***");
  EXPECT_EQ(MaskUrl("https://h/jwks.json?key=hunter2"), "https://h/jwks.json?***");
  EXPECT_EQ(MaskUrl("https://h?key=hunter2#f"), "https://h?***");
  for (const std::string_view plain :
       {"", "news", "^[a-z]+(:b)?$", "a@b:c@d", "https://h:8080/users/@me", "https://*.example.com", "h:1"}) {
    EXPECT_EQ(MaskUrl(plain), plain);
  }
  std::string text = "https://u:hunter2@h/a?key=hunter2";
  std::vector<std::string> list = {text};
  EXPECT_EQ(ToToml(&text, SecretsIn::kMasked), R"("https://u:***@h/a?***")");
  EXPECT_EQ(ToToml(&list, SecretsIn::kMasked), R"(["https://u:***@h/a?***"])");
  EXPECT_EQ(ToToml(&text, SecretsIn::kPlain), '"' + text + '"');
}

}  // namespace
}  // namespace tidemill::config
