#include "net/proxy_protocol.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemill::net {
namespace {

using namespace std::string_literals;

const std::string kBegin2 = "\r\n\r\n\0\r\nQUIT\n"s;

// "192.0.2.7" or "-" and the bytes of the header; "more" or "bad".
std::string Parse(std::string_view input) {
  const auto parsed = ParseProxyHeader(input);
  if (!parsed) return "bad";
  if (!*parsed) return "more";
  return ((*parsed)->client ? (*parsed)->client->ToString() : "-") + " " + std::to_string((*parsed)->bytes);
}

std::string V2(char command, char family, const std::string& rest) {
  return kBegin2 + command + family + static_cast<char>(rest.size() >> 8) +
         static_cast<char>(rest.size() & 0xff) + rest;
}

const std::string kTcp4 = "\xc0\x00\x02\x07\x7f\x00\x00\x01\x12\x34\x01\xbb"s;
const std::string kTcp6 =
    "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01"s + std::string(16, '\2') + "\0\1\0\2"s;

TEST(ParseProxyHeader, ReadsVersion1) {
  EXPECT_EQ(Parse("PROXY TCP4 192.0.2.7 192.0.2.1 56324 443\r\nGET /"), "192.0.2.7 42");
  EXPECT_EQ(Parse("PROXY TCP6 2001:db8::1 ::1 0 65535\r\n"), "2001:db8::1 36");
  EXPECT_EQ(Parse("PROXY UNKNOWN\r\n"), "- 15");
  EXPECT_EQ(Parse("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n"), "- 59");
}

TEST(ParseProxyHeader, ReadsVersion2) {
  EXPECT_EQ(Parse(V2('\x21', '\x11', kTcp4) + "GET /"), "192.0.2.7 28");
  EXPECT_EQ(Parse(V2('\x21', '\x21', kTcp6)), "2001:db8::1 52");
  EXPECT_EQ(Parse(V2('\x21', '\x11',
                     kTcp4 + "\x03\x00\x04"
                             "abcd"s)),
            "192.0.2.7 35")
      << "what proxies add";
  EXPECT_EQ(Parse(V2('\x20', '\x11', kTcp4)), "- 28") << "the proxy's own";
  EXPECT_EQ(Parse(V2('\x20', '\x00', "")), "- 16");
  EXPECT_EQ(Parse(V2('\x21', '\x31', std::string(216, 'u'))), "- 232") << "a Unix socket's";
  EXPECT_EQ(Parse(V2('\x21', '\x21', std::string(36, '\0'))), "- 52");
}

TEST(ParseProxyHeader, WaitsForTheWholeHeader) {
  for (const std::string& whole :
       {"PROXY TCP4 192.0.2.7 192.0.2.1 56324 443\r\n"s, V2('\x21', '\x11', kTcp4)}) {
    for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_EQ(Parse(whole.substr(0, i)), "more") << i;
  }
}

TEST(ParseProxyHeader, RefusesWhatIsNone) {
  const std::string bad[] = {
      "GET / HTTP/1.1\r\n",
      "\x16\x03\x01",
      "proxy TCP4 192.0.2.7 192.0.2.1 1 2\r\n",
      "PROXY  TCP4 192.0.2.7 192.0.2.1 1 2\r\n",
      "PROXY TCP5 192.0.2.7 192.0.2.1 1 2\r\n",
      "PROXY TCP4 192.0.2.7 192.0.2.1 1\r\n",
      "PROXY TCP4 192.0.2.7 192.0.2.1 1 2 3\r\n",
      "PROXY TCP4 192.0.2.7 192.0.2.1 1 65536\r\n",
      "PROXY TCP4 192.0.2.7 192.0.2.1 01 2\r\n",
      "PROXY TCP4 192.0.2.7 192.0.2.1 -1 2\r\n",
      "PROXY TCP4 ::1 ::1 1 2\r\n",
      "PROXY TCP6 192.0.2.7 192.0.2.1 1 2\r\n",
      "PROXY TCP4 host 192.0.2.1 1 2\r\n",
      "PROXY TCP4 192.0.2.7\n",
      "PROXY TCP4 " + std::string(100, '1'),
      kBegin2 + "\x11\x11\0\x0c"s + kTcp4,
      kBegin2 + "\x22\x11\0\x0c"s + kTcp4,
      V2('\x21', '\x11', kTcp4.substr(1)),
      V2('\x21', '\x21', kTcp4),
      V2('\x21', '\x11', kTcp4 + std::string(2048, 'x')),
  };
  for (const std::string& input : bad) {
    const std::string parsed = Parse(input);
    EXPECT_TRUE(parsed == "bad" || (input.ends_with("7\n") && parsed == "more")) << input << ": " << parsed;
  }
}

}  // namespace
}  // namespace tidemill::net
