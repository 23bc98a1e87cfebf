#include "http/origin.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemill::http {
namespace {

TEST(OriginAllowed, ComparesPartsAndNotStrings) {
  const std::vector<std::string> none;
  const std::vector<std::string> good = {"https://good.com"};
  const std::vector<std::string> sub = {"https://*.good.com"};
  const std::vector<std::string> any = {"*"};
  const std::vector<std::string> port = {"http://localhost:*", "http://[::1]:*"};
  struct Case {
    const char* origin;
    const char* host;
    const std::vector<std::string>& patterns;
    bool allowed;
  };
  const Case cases[] = {
      {"http://localhost:8000", "localhost:8000", none, true},
      {"http://LOCALHOST:8000", "localhost:8000", none, true},
      {"http://localhost:8001", "localhost:8000", none, false},
      {"http://localhost", "localhost:80", none, true},
      {"http://localhost", "localhost:", none, true},
      {"http://localhost:", "localhost", none, false},
      {"http://localhost:8000", "localhost:", none, false},
      {"https://localhost", "localhost", none, true},
      {"http://evil.com", "localhost:8000", none, false},
      {"http://[::1]:8000", "[::1]:8000", none, true},
      {"http://[::2]:8000", "[::1]:8000", none, false},
      {"null", "localhost", none, false},
      {"", "localhost", none, false},
      {"localhost:8000", "localhost:8000", none, false},
      {"http://localhost:8000/path", "localhost:8000", none, false},
      {"http://user@localhost:8000", "localhost:8000", none, false},
      {"http://localhost:8000", "", none, false},
      {"https://good.com", "h", good, true},
      {"https://good.com:443", "h", good, true},
      {"https://good.com:81", "h", good, false},
      {"http://good.com", "h", good, false},
      {"https://evil-good.com", "h", good, false},
      {"https://good.com.evil", "h", good, false},
      {"https://a.good.com", "h", good, false},
      {"https://a.good.com", "h", sub, true},
      {"https://a.b.good.com", "h", sub, true},
      {"https://good.com", "h", sub, false},
      {"https://.good.com", "h", sub, false},
      {"https://evilgood.com", "h", sub, false},
      {"http://localhost:5173", "h", port, true},
      {"http://localhost", "h", port, true},
      {"http://[::1]:3000", "h", port, true},
      {"https://localhost:5173", "h", port, false},
      {"http://localhost.evil.com:80", "h", port, false},
      {"http://a.localhost:80", "h", port, false},
      {"null", "h", port, false},
      {"null", "h", any, true},
      {"https://anything", "h", any, true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.origin) + " at " + c.host);
    EXPECT_EQ(OriginAllowed(c.origin, c.host, c.patterns), c.allowed);
  }
}

// Centrifugo's patterns, and what its tests ask of them.
TEST(OriginAllowed, TakesGlobsOverTheWholeOrigin) {
  struct Case {
    const char* pattern;
    const char* origin;
    bool allowed;
  };
  const Case cases[] = {
      {"*.example.com", "https://two.Example.com", true},
      {"*.example.com", "https://two.example.com:8443", false},
      {"*.example.com", "https://example.com", false},
      {"*.example.com", "https://two.\xd0\xb5xample.com", false},
      {"*.example.com", "https://evil.com/.example.com", false},
      {"*.example.com", "evil.example.com", false},
      {"foo.com", "https://foo.com", false},
      {"file://*", "file://", true},
      {"file://", "file://", true},
      {"https://*", "file://", false},
      {"null", "null", true},
      {"n*", "null", true},
      {"https://null", "null", false},
      {"http*://a.com", "https://a.com", true},
      {"http*://a.com", "ftp://a.com", false},
      {"{http,https}://a.com", "http://a.com", true},
      {"http{,s}://{a,b}.com", "https://B.com", true},
      {"http{,s}://{a,b}.com", "https://c.com", false},
      {"https://app-?.a.com", "https://app-7.a.com", true},
      {"https://app-?.a.com", "https://app-.a.com", false},
      {"https://app-[0-9].a.com", "https://app-7.a.com", true},
      {"https://app-[0-9].a.com", "https://app-x.a.com", false},
      {"https://app-[!0-9].a.com", "https://app-x.a.com", true},
      {"https://*a*b*c.com", "https://xaxbxbxc.com", true},
      {"https://*a*b*c.com", "https://xaxcxb.com", false},
      {"HTTPS://A?.com", "https://ab.com", true},
      {"chrome-extension://*", "chrome-extension://abcdef", true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.origin) + " by " + c.pattern);
    EXPECT_EQ(OriginAllowed(c.origin, "h", std::vector<std::string>{c.pattern}), c.allowed);
  }
}

TEST(CheckOriginPattern, SaysHowToWriteIt) {
  for (const char* good : {"*",
                           "https://a.com",
                           "https://*.a.com",
                           "http://[::1]:80",
                           "capacitor://localhost",
                           "http://a:*",
                           "https://a*.com",
                           "*.a.com",
                           "*://a.com",
                           "*a.com:3000",
                           "http{,s}://a.com",
                           "https://a.com:?*",
                           "https://[ab].com",
                           "null",
                           "NULL",
                           "n?ll",
                           "file://",
                           "file://*",
                           "**",
                           "https://*:65535",
                           "https://*.a.com:6553[!6-9]",
                           "*://[[]::1]"}) {
    EXPECT_TRUE(CheckOriginPattern(good)) << good;
  }
  for (const char* bad : {"",
                          "a.com",
                          "https://",
                          "https://a.com/x",
                          "https://a.com:x",
                          "https://a.com:",
                          "://a",
                          "http://:*",
                          "https://a.com/",
                          "https://*.a.com/",

                          "a.com:443",
                          "https://a.com,https://b.com",
                          "[\"https://a.com\"]",
                          "https:/a.com",
                          "https://a.com:65536",
                          "https://*.a.com:65536",
                          "https://*.a.com:6553[6-9]",
                          "https://*.a.com:123456",
                          "https://user@*.com",

                          "https://a .com",
                          "*://a .com",
                          "https://пример.рф",
                          "https://*.пример.рф",
                          "{a.com,b.com}",
                          "{*.a.com",
                          "{{a,b},c}://x",
                          "[a://x",
                          "*://[",
                          "\\",
                          "nul",
                          "nulls",
                          "file:///*",
                          "localhost",
                          "127.0.0.1",
                          "http//*",
                          "[]",
                          "[z-a]*"}) {
    const auto checked = CheckOriginPattern(bad);
    ASSERT_FALSE(checked) << bad;
    EXPECT_NE(checked.error().detail.find("https://*.example.com"), std::string::npos);
  }
}

}  // namespace
}  // namespace tidemill::http
