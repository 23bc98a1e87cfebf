#include "realtime/channels/name_regex.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

namespace tidemill::channels {
namespace {

TEST(CompileNameRegex, TakesWhatSomeNameMatches) {
  for (const char* good :
       {"a", "^a", "a$", "^$", "^[a-z]+$", "[0-9]", "\\ba", "a\\B", "\\bab\\b", "^a-", "x|[^\\s\\S]",
        "(?:[^\\s\\S])*", "a\\b-", "^(?:a|b)$", "(?i)ABC", "^.{0,255}$", "", "$", "\\B"}) {
    const auto regex = CompileNameRegex(good);
    EXPECT_TRUE(regex) << good << ": " << regex.error().detail;
  }
}

TEST(CompileNameRegex, RefusesWhatNoNameMatches) {
  for (const char* bad : {"[^\\x00-\\x{10FFFF}]", "[^\\s\\S]", "a[^\\s\\S]", "a^b", "$a", "a\\bb", "\\Aa\\Ab",
                          "a$b", "(a$)b", "\\z-\\A", "-\\b-", "$x^"}) {
    const auto regex = CompileNameRegex(bad);
    ASSERT_FALSE(regex) << bad;
    EXPECT_EQ(regex.error().detail, "no name matches it");
  }
}

TEST(CompileNameRegex, RefusesWhatIsNone) {
  for (const char* bad : {"(", "[a", "a**", "(?=x)", "\\1", "x{1001}", "\\pL{0,1000}"}) {
    const auto regex = CompileNameRegex(bad);
    ASSERT_FALSE(regex) << bad;
    EXPECT_TRUE(regex.error().detail.starts_with("not an RE2 expression: ")) << regex.error().detail;
  }
}

}  // namespace
}  // namespace tidemill::channels
