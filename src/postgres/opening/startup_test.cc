#include "postgres/opening/startup.h"

#include <gtest/gtest.h>

namespace tidemill::postgres {
namespace {

using namespace std::string_literals;

TEST(Startup, BuildsTheFirstMessages) {
  EXPECT_EQ(BuildSslRequest(), "\0\0\0\x08\x04\xd2\x16\x2f"s);
  EXPECT_EQ(BuildStartupMessage({{"user", "u"}, {"database", "d"}}),
            "\0\0\0\x1b\0\3\0\0user\0u\0database\0d\0\0"s);
}

TEST(ServerVersion, IsReadAsServersWriteIt) {
  struct Case {
    const char* text;
    std::uint32_t version;
  };
  const Case cases[] = {
      {"15.18 (Debian 15.18-0+deb12u1)", 150'018},
      {"18.4", 180'004},
      {"19beta1", 190'000},
      {"13", 130'000},
      {"16.2.1", 160'002},  // not PostgreSQL's own
      {"9.6.24", 0},        // another counting, and too old
      {"", 0},
      {"PostgreSQL", 0},
      {"99999999999", 0},
      {"15.99999999999", 150'000},
      {"1.18.0/bouncer", 0},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(ParseServerVersion(c.text), c.version);
  }
}

TEST(Startup, KeepsWhatTheServerReports) {
  Startup startup({.user = "u"});
  ASSERT_TRUE(startup.OnMessage({.type = 'R', .body = "\0\0\0\0"s}));
  EXPECT_TRUE(startup.logged_in());
  const std::string first = "TimeZone\0UTC\0"s;
  const std::string second = "TimeZone\0CET\0"s;
  const std::string key = "\0\0\1\0secret of any length"s;
  ASSERT_TRUE(startup.OnMessage({.type = 'S', .body = first}));
  ASSERT_TRUE(startup.OnMessage({.type = 'S', .body = second}));
  ASSERT_TRUE(startup.OnMessage({.type = 'K', .body = key}));
  const auto ready = startup.OnMessage({.type = 'Z', .body = "I"});
  ASSERT_TRUE(ready);
  EXPECT_TRUE(std::holds_alternative<Startup::Ready>(*ready));
  EXPECT_EQ(startup.TakeParameters().at("TimeZone"), "CET");
  EXPECT_EQ(startup.TakeKey(), (BackendKey{256, "secret of any length"}));
}

}  // namespace
}  // namespace tidemill::postgres
