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

TEST(CheckOriginPattern, SaysHowToWriteIt) {
  for (const char* good :
       {"*", "https://a.com", "https://*.a.com", "http://[::1]:80", "capacitor://localhost", "http://a:*"}) {
    EXPECT_TRUE(CheckOriginPattern(good)) << good;
  }
  for (const char* bad : {"", "a.com", "https://", "https://a*.com", "https://a.com/x", "https://a.com:x",
                          "https://a.com:", "://a", "http://:*"}) {
    const auto checked = CheckOriginPattern(bad);
    ASSERT_FALSE(checked) << bad;
    EXPECT_NE(checked.error().detail.find("https://*.example.com"), std::string::npos);
  }
}

}  // namespace
}  // namespace tidemill::http
