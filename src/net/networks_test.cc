#include "net/networks.h"

#include <gtest/gtest.h>

namespace tidemill::net {
namespace {

Result<Networks> Parse(std::vector<std::string> texts) { return Networks::Parse(texts); }

TEST(Networks, ContainWhatBeginsLikeThem) {
  struct Case {
    const char* network;
    const char* address;
    bool contained;
  };
  const Case cases[] = {
      {"10.0.0.0/8", "10.255.1.2", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"10.0.0.0/8", "::ffff:10.1.2.3", true},
      {"10.0.0.0/8", "a00::", false},
      {"192.0.2.128/25", "192.0.2.127", false},
      {"192.0.2.128/25", "192.0.2.128", true},
      {"192.0.2.7", "192.0.2.7", true},
      {"192.0.2.7", "192.0.2.6", false},
      {"192.0.2.7/32", "192.0.2.7", true},
      {"0.0.0.0/0", "203.0.113.1", true},
      {"0.0.0.0/0", "2001:db8::1", false},
      {"2001:db8::/33", "2001:db8:7fff::1", true},
      {"2001:db8::/33", "2001:db8:8000::1", false},
      {"::/0", "2001:db8::1", true},
      {"::1", "::1", true},
      {"::1", "::2", false},
      {"unix", "::1", false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.network) + " " + c.address);
    const auto networks = Parse({c.network});
    ASSERT_TRUE(networks) << networks.error().detail;
    EXPECT_EQ(networks->Contains(*IpAddress::Parse(c.address)), c.contained);
  }
}

TEST(Networks, HaveAUnixSocketsPeersOnlyWhenSaid) {
  EXPECT_TRUE(Parse({"10.0.0.0/8", "unix"})->Contains(IpAddress{}));
  EXPECT_FALSE(Parse({"::/0", "0.0.0.0/0"})->Contains(IpAddress{}));
  EXPECT_FALSE(Networks().Contains(IpAddress{}));
}

TEST(Networks, RefuseWhatIsNone) {
  for (const char* bad :
       {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.0/ 8", "10.0.0.1/8", "10/8",
        "::/129", "2001:db8::1/64", "localhost", "10.0.0.0/8/8", "*", "[::1]"}) {
    const auto networks = Parse({"10.0.0.0/8", bad});
    ASSERT_FALSE(networks) << bad;
    EXPECT_TRUE(networks.error().detail.starts_with("\"" + std::string(bad) + "\": "))
        << networks.error().detail;
  }
}

}  // namespace
}  // namespace tidemill::net
