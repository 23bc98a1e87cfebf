#include "websocket/utf8.h"

#include <gtest/gtest.h>

#include <string>

#include "base/utf8.h"

namespace tidemill::websocket {
namespace {

TEST(Utf8Checker, FailsAtTheFirstWrongByte) {
  struct Case {
    const char* name;
    std::string_view text;
    int wrong_at;  // -1: none
    bool complete;
  };
  const Case cases[] = {
      {"empty", "", -1, true},
      {"ascii", "plain", -1, true},
      {"65 ascii bytes, then a character",
       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa9", -1, true},
      {"first of two bytes", "\xc2\x80", -1, true},
      {"last of two bytes", "\xdf\xbf", -1, true},
      {"first of three bytes", "\xe0\xa0\x80", -1, true},
      {"last before the surrogates", "\xed\x9f\xbf", -1, true},
      {"first after the surrogates", "\xee\x80\x80", -1, true},
      {"U+FFFF", "\xef\xbf\xbf", -1, true},
      {"first of four bytes", "\xf0\x90\x80\x80", -1, true},
      {"U+10FFFF", "\xf4\x8f\xbf\xbf", -1, true},
      {"cut", "a\xf0\x90\x80", -1, false},
      {"continuation alone", "\x80", 0, false},
      {"overlong two bytes", "\xc0\x80", 0, false},
      {"overlong two bytes, c1", "\xc1\xbf", 0, false},
      {"overlong three bytes", "\xe0\x9f\xbf", 1, false},
      {"overlong four bytes", "\xf0\x8f\xbf\xbf", 1, false},
      {"surrogate", "\xed\xa0\x80", 1, false},
      {"over U+10FFFF", "\xf4\x90\x80\x80", 1, false},
      {"f5", "\xf5\x80\x80\x80", 0, false},
      {"fe", "ab\xfe", 2, false},
      {"character cut by ascii", "\xe2\x82!", 2, false},
      {"character cut by another", "\xe2\xe2\x82\xac", 1, false},
      {"wrong after 40 ascii bytes", "0123456789012345678901234567890123456789\xff", 40, false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Utf8Checker checker;
    int wrong_at = -1;
    for (std::size_t i = 0; i < c.text.size() && wrong_at < 0; ++i) {
      if (!checker.Feed(c.text.substr(i, 1))) wrong_at = static_cast<int>(i);
    }
    EXPECT_EQ(wrong_at, c.wrong_at);
    Utf8Checker whole;
    EXPECT_EQ(whole.Feed(c.text), c.wrong_at < 0);
    if (c.wrong_at < 0) {
      EXPECT_EQ(checker.complete(), c.complete);
      EXPECT_EQ(whole.complete(), c.complete);
    }
  }
}

TEST(Utf8Checker, AgreesWithTheWholeTextCheckOnEveryThreeBytes) {
  for (int first = 0x7f; first < 0x100; ++first) {
    for (int second = 0x7f; second < 0x100; ++second) {
      for (const int third : {0x7f, 0x80, 0x9f, 0xbf, 0xc2}) {
        const std::string text{static_cast<char>(first), static_cast<char>(second), static_cast<char>(third)};
        Utf8Checker checker;
        ASSERT_EQ(checker.Feed(text) && checker.complete(), IsUtf8(text)) << first << ' ' << second;
      }
    }
  }
}

}  // namespace
}  // namespace tidemill::websocket
