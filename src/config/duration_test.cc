#include "config/duration.h"

#include <gtest/gtest.h>

namespace tidemill::config {
namespace {

TEST(Duration, IsReadAndWritten) {
  struct Case {
    std::string_view text;
    std::int64_t ms;
    std::string_view written;
  };
  const Case cases[] = {{"0s", 0, "0s"},
                        {"25s", 25'000, "25s"},
                        {"1m30s", 90'000, "1m30s"},
                        {"90s", 90'000, "1m30s"},
                        {"250ms", 250, "250ms"},
                        {"720h", 2'592'000'000, "720h"},
                        {"1500ms", 1500, "1s500ms"},
                        {"1h1ms", 3'600'001, "1h1ms"},
                        {"4294967295h", 15461882262000000, "4294967295h"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(ParseDuration(c.text).value(), Duration{c.ms});
    EXPECT_EQ(ToString(Duration{c.ms}), c.written);
  }
  for (const std::string_view text :
       {"", "5", "s", "5x", "-5s", "+5s", " 5s", "5s ", "5 s", "1.5s", "5S", "5s5s", "5s1m", "4294967296h",
        "99999999999999999999s", "5d", "1ms1s", "5ss"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(ParseDuration(text).error().code, Errc::kInvalidArgument);
  }
}

}  // namespace
}  // namespace tidemill::config
