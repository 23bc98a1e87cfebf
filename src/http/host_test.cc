#include "http/host.h"

#include <gtest/gtest.h>

#include <vector>

namespace tidemill::http {
namespace {

TEST(HostAllowed, TakesAddressesAndTheNamesListed) {
  const std::vector<std::string> patterns = {"localhost", "*.example.com"};
  for (const char* good : {"localhost", "LOCALHOST:8000", "localhost.", "127.0.0.1", "127.0.0.1:8000",
                           "[::1]:8000", "10.0.0.7:80", "a.example.com", "a.b.Example.com:443"}) {
    EXPECT_TRUE(HostAllowed(good, patterns)) << good;
  }
  for (const char* bad : {"", "evil.com", "evil.com:8000", "localhost.evil.com", "example.com",
                          "aexample.com", "127.0.0.1.evil.com", "[evil]:80", "[", "::1"}) {
    EXPECT_FALSE(HostAllowed(bad, patterns)) << bad;
    EXPECT_TRUE(HostAllowed(bad, {}));
  }
}

TEST(IsHostPattern, IsAName) {
  for (const char* good : {"localhost", "*.example.com", "*", "a_b-c.d"})
    EXPECT_TRUE(IsHostPattern(good)) << good;
  for (const char* bad : {"", "a:80", "https://a", "a/b", "a b", "a,b", "пример"}) {
    EXPECT_FALSE(IsHostPattern(bad)) << bad;
  }
}

}  // namespace
}  // namespace tidemill::http
