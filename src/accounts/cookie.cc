#include "accounts/cookie.h"

#include <fmt/format.h>

#include <algorithm>

#include "accounts/secret_token.h"
#include "base/ascii.h"

namespace tidemill::accounts {
namespace {

constexpr std::string_view kName = "tidemill_session";

// Calls `found` with each value of the cookie.
template <class Found>
void ForEachValue(const http::Request& request, Found found) {
  for (const http::HeaderView& header : request.headers) {
    if (!EqualIgnoringCase(header.name, "cookie")) continue;
    for (std::string_view rest = header.value; !rest.empty();) {
      const std::size_t end = std::min(rest.find(';'), rest.size());
      const std::string_view pair = TrimBlanks(rest.substr(0, end));
      const std::size_t equals = pair.find('=');
      if (equals != std::string_view::npos && pair.substr(0, equals) == kName) found(pair.substr(equals + 1));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
}

std::string WithAttributes(std::string_view value, std::int64_t max_age_s, bool secure) {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{}", kName, value, max_age_s,
                     secure ? "; Secure" : "");
}

}  // namespace

bool HasSessionCookie(const http::Request& request) {
  bool has = false;
  ForEachValue(request, [&](std::string_view) { has = true; });
  return has;
}

std::optional<std::string_view> SessionCookieOf(const http::Request& request) {
  std::optional<std::string_view> token;
  bool ambiguous = false;
  ForEachValue(request, [&](std::string_view value) {
    ambiguous = ambiguous || (token && *token != value);
    token = value;
  });
  if (!token || ambiguous || !MayBeSecretToken(*token)) return std::nullopt;
  return token;
}

std::string SessionCookie(std::string_view token, Duration max_age, bool secure) {
  return WithAttributes(token, max_age.ms / 1000, secure);
}

std::string NoSessionCookie(bool secure) { return WithAttributes("", 0, secure); }

}  // namespace tidemill::accounts
