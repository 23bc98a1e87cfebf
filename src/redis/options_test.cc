#include "redis/options.h"

#include <gtest/gtest.h>

namespace tidemill::redis {
namespace {

TEST(Address, IsParsed) {
  struct Case {
    std::string_view text;
    Endpoint endpoint;
    Credentials credentials;
    std::uint32_t db;
    bool has_db;
    bool tls;
  };
  const Case cases[] = {
      {"h", {.host = "h"}, {}, 0, false, false},
      {"h:1", {.host = "h", .port = 1}, {}, 0, false, false},
      {"redis://u:p%40@[::1]:7/2", {.host = "::1", .port = 7}, {"u", "p@"}, 2, true, false},
      {"rediss://:p@h", {.host = "h"}, {"", "p"}, 0, false, true},
      {"unix:///run/r.sock?db=3", {.unix_path = "/run/r.sock"}, {}, 3, true, false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const Result<Address> address = Address::Parse(c.text);
    ASSERT_TRUE(address) << address.error().detail;
    EXPECT_EQ(address->endpoint, c.endpoint);
    EXPECT_EQ(address->credentials, c.credentials);
    EXPECT_EQ(address->db, c.db);
    EXPECT_EQ(address->has_db, c.has_db);
    EXPECT_EQ(address->tls, c.tls);
  }
}

TEST(Address, IsRefusedWithoutQuotingThePassword) {
  for (const std::string_view text : {"", "redis://:hunter2@h:0", "redis://:hunter2", "http://:hunter2@h"}) {
    SCOPED_TRACE(text);
    const Result<Address> address = Address::Parse(text);
    ASSERT_FALSE(address);
    EXPECT_EQ(address.error().code, Errc::kInvalidArgument);
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
