#include "queries/live/name.h"

#include <gtest/gtest.h>

namespace tidemill::queries::live {
namespace {

TEST(LiveName, ReadsAndWrites) {
  const struct {
    const char* channel;
    Name want;
  } cases[] = {
      {"live:/orders", {.path = "/orders", .query = "", .user = {}}},
      {"live:/orders/mine?status=open#42", {.path = "/orders/mine", .query = "status=open", .user = "42"}},
      {"live:/a?b=%23%26+%2F&b=1&c=", {.path = "/a", .query = "b=%23%26+%2F&b=1&c=", .user = {}}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.channel);
    const auto name = ParseName(c.channel, "live");
    ASSERT_TRUE(name) << name.error();
    EXPECT_EQ(*name, c.want);
    EXPECT_EQ(WriteName(*name, "live"), c.channel);
  }
}

TEST(LiveName, HasOneSpelling) {
  const struct {
    const char* channel;
    const char* why;
  } cases[] = {
      {"live:orders", "behind live: stands the path of an endpoint, from its /"},
      {"live:", "behind live: stands the path of an endpoint, from its /"},
      {"live:/orders#", "behind # stands one user"},
      {"live:/orders#1,2", "behind # stands one user"},
      {"live:/orders?", "the parameters are sorted and spelled: live:/orders"},
      {"live:/o?b=1&a=2#7", "the parameters are sorted and spelled: live:/o?a=2&b=1#7"},
      {"live:/o?a", "the parameters are sorted and spelled: live:/o?a="},
      {"live:/o?a=%7e", "the parameters are sorted and spelled: live:/o?a=%7E"},
      {"live:/o?a=%20", "the parameters are sorted and spelled: live:/o?a=+"},
      {"live:/o?a=%", "the query has a % without two hexadecimal digits"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.channel);
    const auto name = ParseName(c.channel, "live");
    ASSERT_FALSE(name);
    EXPECT_EQ(name.error(), c.why);
  }
}

}  // namespace
}  // namespace tidemill::queries::live
