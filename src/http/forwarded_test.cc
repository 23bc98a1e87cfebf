#include "http/forwarded.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemill::http {
namespace {

class ForwardedTest : public testing::Test {
 protected:
  std::string Client(const std::vector<HeaderView>& headers, const char* peer = "10.0.0.1",
                     ForwardedHeader header = ForwardedHeader::kEither) {
    return ClientAddress(headers, *net::IpAddress::Parse(peer), proxies_, header).ToString();
  }

  const net::Networks proxies_ = *net::Networks::Parse(std::vector<std::string>{"10.0.0.0/8", "fd00::/8"});
};

TEST_F(ForwardedTest, TheLastAddressThatIsNoProxysIsTheClients) {
  struct Case {
    const char* value;
    const char* client;
  };
  const Case cases[] = {
      {"192.0.2.7", "192.0.2.7"},
      {"203.0.113.9, 192.0.2.7", "192.0.2.7"},
      {"203.0.113.9,192.0.2.7,10.1.1.1 , 10.2.2.2", "192.0.2.7"},
      {"10.1.1.1, 10.2.2.2", "10.1.1.1"},
      {"2001:db8::1", "2001:db8::1"},
      {"2001:db8::1, fd00::7", "2001:db8::1"},
      {"[2001:db8::1]:443", "2001:db8::1"},
      {"192.0.2.7:56324", "192.0.2.7"},
      {"", "10.0.0.1"},
      {"unknown", "10.0.0.1"},
      {"192.0.2.7, unknown", "10.0.0.1"},
      {"192.0.2.7, unknown, 10.3.3.3", "10.3.3.3"},
      {"192.0.2.7,", "10.0.0.1"},
      {"192.0.2.7:", "10.0.0.1"},
      {"192.0.2.7:port", "10.0.0.1"},
      {"::", "10.0.0.1"},
      {"\"192.0.2.7\"", "10.0.0.1"},
      {"\", 192.0.2.7", "192.0.2.7"},
      {"for=\", 192.0.2.7, 10.1.1.1", "192.0.2.7"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.value);
    EXPECT_EQ(Client({{"x-forwarded-for", c.value}}), c.client);
  }
}

TEST_F(ForwardedTest, NobodyElseIsBelieved) {
  EXPECT_EQ(Client({{"X-Forwarded-For", "192.0.2.7"}}, "203.0.113.1"), "203.0.113.1");
  EXPECT_EQ(Client({{"Forwarded", "for=192.0.2.7"}}, "203.0.113.1"), "203.0.113.1");
}

TEST_F(ForwardedTest, OfSeveralHeadersTheLastWasWrittenLast) {
  EXPECT_EQ(Client({{"X-Forwarded-For", "192.0.2.7"}, {"Host", "h"}, {"X-Forwarded-For", "203.0.113.9"}}),
            "203.0.113.9");
  EXPECT_EQ(Client({{"X-Forwarded-For", "192.0.2.7"}, {"X-Forwarded-For", "10.1.1.1"}}), "192.0.2.7");
}

// RFC 7239 section 4.
TEST_F(ForwardedTest, ReadsForwarded) {
  struct Case {
    const char* value;
    const char* client;
  };
  const Case cases[] = {
      {"for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"},
      {"For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"},
      {"for=192.0.2.43, for=198.51.100.17", "198.51.100.17"},
      {"for=192.0.2.43, for=\"[fd00::1]\"", "192.0.2.43"},
      {"proto=https; FOR=192.0.2.60", "192.0.2.60"},
      {"for=\"_gazonk\"", "10.0.0.1"},
      {"for=unknown", "10.0.0.1"},
      {"for=192.0.2.60;by=\"a,b;for=203.0.113.1\"", "192.0.2.60"},
      {"by=203.0.113.43", "10.0.0.1"},
      {"for=\"192.0.2.60", "10.0.0.1"},
      {"for=", "10.0.0.1"},
      {"for=\"203.0.113.1, for=192.0.2.60", "192.0.2.60"},
      {"\", for=\"[2001:db8::1]\";by=10.0.0.1", "2001:db8::1"},
      {"x=\"\\\", for=192.0.2.60;by=\"a\\\"b\"", "192.0.2.60"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.value);
    EXPECT_EQ(Client({{"Forwarded", c.value}}), c.client);
  }
}

TEST_F(ForwardedTest, OneOfTheTwoHeadersCounts) {
  const std::vector<HeaderView> both = {{"Forwarded", "for=192.0.2.1"}, {"X-Forwarded-For", "192.0.2.2"}};
  EXPECT_EQ(Client(both), "192.0.2.2");
  EXPECT_EQ(Client(both, "10.0.0.1", ForwardedHeader::kForwarded), "192.0.2.1");
  EXPECT_EQ(Client({both[0]}, "10.0.0.1", ForwardedHeader::kXForwardedFor), "10.0.0.1");
}

}  // namespace
}  // namespace tidemill::http
