#include "chat/uploads/byte_range.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemill::chat {
namespace {

TEST(RangeOf, OneRangeOfAFile) {
  struct Case {
    const char* range;
    const char* wanted;  // "first+bytes", "all" or "none"
  };
  const Case cases[] = {
      {"bytes=0-3", "0+4"},
      {"bytes=2-", "2+8"},
      {"bytes=-3", "7+3"},
      {"bytes=-30", "0+10"},
      {"bytes=9-9", "9+1"},
      {"bytes=5-500", "5+5"},
      {"Bytes=0-0", "0+1"},
      {"bytes=10-", "none"},
      {"bytes=10-12", "none"},
      {"bytes=-0", "none"},
      {"bytes=5-3", "all"},
      {"bytes=-", "all"},
      {"bytes=0-1,3-4", "all"},
      {"bytes=a-b", "all"},
      {"items=0-1", "all"},
      {"bytes=1--2", "all"},
      {"bytes= 0-1", "all"},
      {"", "all"},
      {"bytes=9223372036854775807-", "none"},
      {"bytes=0-99999999999999999999", "all"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.range);
    http::Request request;
    request.headers = {{"Range", c.range}};
    const auto got = RangeOf(request, 10, "\"a\"");
    std::string text = "none";
    if (got) text = *got ? std::to_string((*got)->first) + "+" + std::to_string((*got)->bytes) : "all";
    EXPECT_EQ(text, c.wanted);
  }
}

TEST(RangeOf, OfTheFileThatTheClientKnows) {
  http::Request request;
  request.headers = {{"Range", "bytes=0-3"}, {"If-Range", "\"a\""}};
  EXPECT_TRUE(RangeOf(request, 10, "\"a\"")->has_value());
  EXPECT_FALSE(RangeOf(request, 10, "\"b\"")->has_value());
}

TEST(HasAlready, ByItsTag) {
  http::Request request;
  EXPECT_FALSE(HasAlready(request, "\"1\""));
  request.headers = {{"If-None-Match", "\"0\", W/\"1\""}};
  EXPECT_TRUE(HasAlready(request, "\"1\""));
  EXPECT_FALSE(HasAlready(request, "\"2\""));
}

}  // namespace
}  // namespace tidemill::chat
