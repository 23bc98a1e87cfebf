#include "redis/address.h"

#include <gtest/gtest.h>

namespace tidemill::redis {
namespace {

TEST(Address, IsParsed) {
  struct Case {
    std::string_view text;
    Address want;
  };
  const Case cases[] = {
      {"h", {.endpoint = {.host = "h"}}},
      {"h:1", {.endpoint = {.host = "h", .port = 1}}},
      {"redis", {.endpoint = {.host = "redis"}}},
      {"redis:6380", {.endpoint = {.host = "redis", .port = 6380}}},
      {"10.0.0.7:1", {.endpoint = {.host = "10.0.0.7", .port = 1}}},
      {"[::1]", {.endpoint = {.host = "::1"}}},
      {"[2001:db8::7]:65535", {.endpoint = {.host = "2001:db8::7", .port = 65535}}},
      {"redis://h", {.endpoint = {.host = "h"}}},
      {"redis://h/", {.endpoint = {.host = "h"}}},
      {"redis://h:1/7", {.endpoint = {.host = "h", .port = 1}, .db = 7, .has_db = true}},
      {"redis://h/0", {.endpoint = {.host = "h"}, .db = 0, .has_db = true}},
      {"redis://h/2147483647", {.endpoint = {.host = "h"}, .db = 2147483647, .has_db = true}},
      {"redis://[::1]:7/3", {.endpoint = {.host = "::1", .port = 7}, .db = 3, .has_db = true}},
      {"redis://:secret@h", {.endpoint = {.host = "h"}, .credentials = {.password = "secret"}}},
      {"redis://user@h", {.endpoint = {.host = "h"}, .credentials = {.user = "user"}}},
      {"redis://user:@h", {.endpoint = {.host = "h"}, .credentials = {.user = "user"}}},
      {"redis://user:p:q@h", {.endpoint = {.host = "h"}, .credentials = {.user = "user", .password = "p:q"}}},
      {"redis://user:p@q@h", {.endpoint = {.host = "h"}, .credentials = {.user = "user", .password = "p@q"}}},
      {"redis://u%40v:%2F%3a%25%00x@h",
       {.endpoint = {.host = "h"}, .credentials = {.user = "u@v", .password = std::string("/:%\0x", 5)}}},
      {"redis://u:p%40@[::1]:7/2",
       {.endpoint = {.host = "::1", .port = 7},
        .credentials = {.user = "u", .password = "p@"},
        .db = 2,
        .has_db = true}},
      {"rediss://:p@h", {.endpoint = {.host = "h"}, .credentials = {.password = "p"}, .tls = true}},
      {"unix:///run/r.sock?db=3", {.endpoint = {.unix_path = "/run/r.sock"}, .db = 3, .has_db = true}},
      {"rediss://u:p@redis.example.com:6390/1",
       {.endpoint = {.host = "redis.example.com", .port = 6390},
        .credentials = {.user = "u", .password = "p"},
        .db = 1,
        .has_db = true,
        .tls = true}},
      {"unix:///run/redis.sock", {.endpoint = {.unix_path = "/run/redis.sock"}}},
      {"unix:///run/redis.sock?db=2",
       {.endpoint = {.unix_path = "/run/redis.sock"}, .db = 2, .has_db = true}},
      {"unix://u:p%20q@/run/r.sock",
       {.endpoint = {.unix_path = "/run/r.sock"}, .credentials = {.user = "u", .password = "p q"}}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const Result<Address> address = Address::Parse(c.text);
    ASSERT_TRUE(address) << address.error().detail;
    EXPECT_EQ(*address, c.want);
  }
}

TEST(Address, IsRefusedWithoutQuotingThePassword) {
  struct Case {
    std::string text;
    std::string_view why;
  };
  constexpr std::string_view kPort = "the port is not a number from 1 to 65535";
  constexpr std::string_view kDb = "the database is not a whole number";
  constexpr std::string_view kHost = "the host is not a name or an IP address";
  constexpr std::string_view kEscape = "after a % in user or password stand two hexadecimal digits";
  const Case cases[] = {
      {"", "no host"},
      {":6379", "no host"},
      {"h:", kPort},
      {"h:0", kPort},
      {"redis://:hunter2@h:0", kPort},
      {"redis://:hunter2", "no host"},
      {"h:65536", kPort},
      {"h:-1", kPort},
      {"h:+1", kPort},
      {"h:6379 ", kPort},
      {"h:99999999999999999999", kPort},
      {"h o", kHost},
      {std::string(254, 'a'), kHost},
      {"::1", "more than one colon; an IPv6 address stands in brackets"},
      {"[::1", "a [ without its ]"},
      {"[h]:1", "what stands in brackets is not an IPv6 address"},
      {"[::1]6379", "something other than :port after the brackets"},
      {"hunter2@h", "more than host:port; write it as redis://user:password@host:port/db"},
      {"h/1", "more than host:port; write it as redis://user:password@host:port/db"},
      {"/run/redis.sock", "more than host:port; write it as redis://user:password@host:port/db"},
      {"http://:hunter2@h", "an unknown scheme; accepted: redis://, rediss://, unix://"},
      {"REDIS://h", "an unknown scheme; accepted: redis://, rediss://, unix://"},
      {"redis://", "no host"},
      {"redis://:hunter2@", "no host"},
      {"redis://:hunter2@:6379", "no host"},
      {"redis://:hunter2@h:port", kPort},
      {"redis://u:hunter2:6379", "more than one colon; an IPv6 address stands in brackets"},
      {"redis://:hun/ter2@h", "a / before the @; in user and password it is written %2F"},
      {"redis://:hunter2%@h", kEscape},
      {"redis://:hunter2%4@h", kEscape},
      {"redis://hunter2%zz:p@h", kEscape},
      {"redis://h/x", kDb},
      {"redis://h/-1", kDb},
      {"redis://h/1/2", kDb},
      {"redis://h/2147483648", kDb},
      {"redis://h/1?ssl=true", kDb},
      {"redis://h?db=1", kHost},
      {"redis://:hunter2@h#x", kHost},
      {"unix://", "no path; write unix:///path"},
      {"unix:///", "no path; write unix:///path"},
      {"unix://run/redis.sock", "the path does not begin with a /; write unix:///path"},
      {"unix:///r?password=hunter2", "something other than db=N after the ?"},
      {"unix:///r?db=x", kDb},
      {"unix:///" + std::string(107, 'a'), "the path is over 107 bytes"},
      {std::string("h\0", 2), "holds a zero byte"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const Result<Address> address = Address::Parse(c.text);
    ASSERT_FALSE(address);
    EXPECT_EQ(address.error().code, Errc::kInvalidArgument);
    EXPECT_EQ(address.error().detail, c.why);
    EXPECT_FALSE(address.error().detail.contains("hunter2"));
  }
}

TEST(Endpoint, IsPrinted) {
  EXPECT_EQ((Endpoint{.host = "10.0.0.7", .port = 6380}.ToString()), "10.0.0.7:6380");
  EXPECT_EQ((Endpoint{.host = "::1"}.ToString()), "[::1]:6379");
  EXPECT_EQ((Endpoint{.unix_path = "/run/redis.sock"}.ToString()), "/run/redis.sock");
}

}  // namespace
}  // namespace tidemill::redis
