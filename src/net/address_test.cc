#include "net/address.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemill::net {
namespace {

TEST(IpAddress, ParsesAndPrintsCanonically) {
  struct Case {
    std::string_view text;
    const char* printed;  // null: refused
  };
  const Case cases[] = {
      {"10.0.0.7", "10.0.0.7"},
      {"::ffff:10.0.0.7", "10.0.0.7"},
      {"2001:DB8:0:0::1", "2001:db8::1"},
      {"::1", "::1"},
      {"", nullptr},
      {"10.0.0", nullptr},
      {"10.0.0.256", nullptr},
      {"010.0.0.1", nullptr},
      {"fe80::1%eth0", nullptr},
      {"localhost", nullptr},
      {std::string_view("127.0.0.1\0x", 11), nullptr},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto address = IpAddress::Parse(c.text);
    ASSERT_EQ(address.has_value(), c.printed != nullptr);
    if (address) EXPECT_EQ(address->ToString(), c.printed);
  }
}

TEST(IpAddress, KnowsWhatIsLocalOrPrivate) {
  struct Case {
    const char* text;
    bool local;
  };
  const Case cases[] = {
      {"127.0.0.1", true},
      {"0.0.0.0", true},
      {"10.255.255.255", true},
      {"172.16.0.1", true},
      {"172.31.255.255", true},
      {"172.32.0.1", false},
      {"172.15.255.255", false},
      {"192.168.1.1", true},
      {"192.169.0.1", false},
      {"169.254.169.254", true},
      {"100.64.0.1", true},
      {"100.128.0.1", false},
      {"224.0.0.1", true},
      {"255.255.255.255", true},
      {"8.8.8.8", false},
      {"::", true},
      {"::1", true},
      {"::2", true},
      {"fe80::1", true},
      {"fd00::1", true},
      {"ff02::1", true},
      {"2001:4860::8888", false},
      {"64:ff9b::10.0.0.1", true},
      {"64:ff9b::8.8.8.8", false},
      {"64:ff9b:1:808:8:800::", true},  // of local use, whatever it stands for
      {"64:ff9b:2::1", false},
      {"2002:0a00:0001::1", true},
      {"2002:0808:0808::1", false},
      {"::ffff:192.168.0.1", true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(IpAddress::Parse(c.text)->IsLocalOrPrivate(), c.local);
  }
}

TEST(ListenAddress, ParsesAndRefuses) {
  struct Case {
    std::string text;
    const char* printed;  // null: refused
  };
  const Case cases[] = {
      {"127.0.0.1:8000", "127.0.0.1:8000"},
      {"[::1]:8000", "[::1]:8000"},
      {":8000", "[::]:8000"},
      {"0.0.0.0:0", "0.0.0.0:0"},
      {"unix:/run/tidemill.sock", "unix:/run/tidemill.sock"},
      {"", nullptr},
      {"8000", nullptr},
      {"127.0.0.1:", nullptr},
      {"127.0.0.1:65536", nullptr},
      {"127.0.0.1:-1", nullptr},
      {"127.0.0.1:80 ", nullptr},
      {"::1:8000", nullptr},
      {"[127.0.0.1]:80", nullptr},
      {"localhost:80", nullptr},
      {"unix:", nullptr},
      {"unix:/" + std::string(107, 'x'), nullptr},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto address = ListenAddress::Parse(c.text);
    ASSERT_EQ(address.has_value(), c.printed != nullptr);
    if (address) {
      EXPECT_EQ(address->ToString(), c.printed);
    } else {
      EXPECT_EQ(address.error().code, Errc::kInvalidArgument);
      EXPECT_NE(address.error().detail.find("accepted:"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace tidemill::net
