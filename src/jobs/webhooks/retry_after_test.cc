#include "jobs/webhooks/retry_after.h"

#include <gtest/gtest.h>

namespace tidemill::webhooks {
namespace {

// 6 Nov 1994, 08:49:37 UTC is 784111777.
constexpr WallTime kNow{784111777'000};

TEST(RetryAfter, ReadsBothForms) {
  struct Case {
    const char* text;
    std::optional<std::int64_t> seconds;
  };
  const Case cases[] = {
      {"0", 0},
      {"120", 120},
      {"3600", 3600},
      {"3601", 3600},
      {"99999999999999999999999", 3600},
      {"Sun, 06 Nov 1994 08:50:37 GMT", 60},
      {"Sunday, 06-Nov-94 08:50:37 GMT", 60},
      {"Sun Nov  6 08:50:37 1994", 60},
      {"Sun, 06 Nov 1994 08:49:00 GMT", 0},
      {"Fri, 31 Dec 9999 23:59:59 GMT", 3600},
      {"", std::nullopt},
      {"-1", std::nullopt},
      {"1.5", std::nullopt},
      {"soon", std::nullopt},
      {"Sun, 06 Nov 1994 08:50:37 GMT and more", std::nullopt},
      {"Sun, 06 Nov 1994 08:50:37 +0100", std::nullopt},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto pause = ParseRetryAfter(c.text, kNow, Hours(1));
    ASSERT_EQ(pause.has_value(), c.seconds.has_value());
    if (pause) EXPECT_EQ(*pause, Seconds(*c.seconds));
  }
}

}  // namespace
}  // namespace tidemill::webhooks
