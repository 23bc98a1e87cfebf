#include "accounts/cookie.h"

#include <gtest/gtest.h>

#include <vector>

namespace tidemill::accounts {
namespace {

const std::string kToken(43, 'a');
const std::string kOther(43, 'b');

http::Request With(std::vector<http::HeaderView> headers) {
  http::Request request;
  request.headers = std::move(headers);
  return request;
}

TEST(SessionCookie, IsFoundAmongOthers) {
  const std::string own = "tidemill_session=" + kToken;
  const std::string other = "tidemill_session=" + kOther;
  const std::string among = "a=b;" + own + " ; c=d";
  const std::string twice = own + "; " + own;
  const std::string ambiguous = own + "; " + other;
  struct Case {
    const char* name;
    std::vector<http::HeaderView> headers;
    bool has;
    bool good;
  };
  const std::string cut = own.substr(0, own.size() - 1);
  const std::string quoted = "tidemill_session=\"" + kToken + "\"";
  const std::string longer = "x" + own;
  const Case cases[] = {
      {"none", {}, false, false},
      {"alone", {{"Cookie", own}}, true, true},
      {"among others", {{"cookie", among}}, true, true},
      {"in a second header", {{"Cookie", "a=b"}, {"Cookie", own}}, true, true},
      {"twice the same", {{"Cookie", twice}}, true, true},
      {"two of them", {{"Cookie", ambiguous}}, true, false},
      {"two of them in two headers", {{"Cookie", own}, {"Cookie", other}}, true, false},
      {"cut", {{"Cookie", cut}}, true, false},
      {"quoted", {{"Cookie", quoted}}, true, false},
      {"empty", {{"Cookie", "tidemill_session="}}, true, false},
      {"without a value", {{"Cookie", "tidemill_session"}}, false, false},
      {"of a longer name", {{"Cookie", longer}}, false, false},
      {"of another case", {{"Cookie", "Tidemill_Session=x"}}, false, false},
      {"only separators", {{"Cookie", ";;; ;="}}, false, false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const http::Request request = With(c.headers);
    EXPECT_EQ(HasSessionCookie(request), c.has);
    EXPECT_EQ(SessionCookieOf(request).has_value(), c.good);
  }
}

TEST(SessionCookie, IsOutOfReachOfScripts) {
  EXPECT_EQ(SessionCookie("T", Hours(1), false),
            "tidemill_session=T; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax");
  EXPECT_EQ(SessionCookie("T", Hours(1), true),
            "tidemill_session=T; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure");
  EXPECT_EQ(NoSessionCookie(true), "tidemill_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure");
}

}  // namespace
}  // namespace tidemill::accounts
