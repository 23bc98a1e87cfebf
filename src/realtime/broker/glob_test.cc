#include "realtime/broker/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemill::broker {
namespace {

TEST(Glob, MatchesTheWholeText) {
  struct Case {
    const char* pattern;
    const char* text;
    bool matches;
  };
  const Case cases[] = {
      {"*", "", true},
      {"*", "anything", true},
      {"a", "a", true},
      {"a", "ab", false},
      {"", "", true},
      {"", "a", false},
      {"a*", "abc", true},
      {"*c", "abc", true},
      {"a*c", "abbbc", true},
      {"a*c", "abbbd", false},
      {"*a*b*", "xxaxxbxx", true},
      {"*a*b*", "xxbxxaxx", false},
      {"a?c", "abc", true},
      {"a?c", "ac", false},
      {"[abc]", "b", true},
      {"[abc]", "d", false},
      {"[a-c]x", "bx", true},
      {"[!a-c]", "b", false},
      {"[^a-c]", "d", true},
      {"[]]", "]", true},
      {"[a-]", "-", true},
      {"\\*", "*", true},
      {"\\*", "a", false},
      {"[\\]]", "]", true},
      {"**a", "bba", true},
      {"chat:*", "chat:1", true},
      {"chat:*", "news:1", false},
      {"*:[0-9]?", "a:42", true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.pattern) + " on " + c.text);
    ASSERT_TRUE(CheckGlob(c.pattern));
    EXPECT_EQ(MatchesGlob(c.pattern, c.text), c.matches);
  }
}

TEST(Glob, RefusesMalformedPatterns) {
  for (const std::string pattern : {"[", "a[b", "[]", "[!]", "\\", "a\\", "[\\"}) {
    SCOPED_TRACE(pattern);
    EXPECT_FALSE(CheckGlob(pattern));
  }
  EXPECT_TRUE(CheckGlob(std::string(1024, 'a')));
  EXPECT_FALSE(CheckGlob(std::string(1025, 'a')));
}

TEST(Glob, TakesNoExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "*a";
  EXPECT_FALSE(MatchesGlob(pattern + "b", std::string(10'000, 'a')));
}

}  // namespace
}  // namespace tidemill::broker
