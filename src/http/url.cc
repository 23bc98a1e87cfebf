#include "http/url.h"

#include <charconv>

#include "http/origin.h"

namespace tidemill::http {

Result<Url> Url::Parse(std::string_view text) {
  const auto fail = [&](const char* why) {
    return Fail(Errc::kInvalidArgument, "\"" + std::string(text) + "\" is no http or https URL: " + why);
  };
  Url url;
  if (text.starts_with("http://")) {
    url.scheme = "http";
  } else if (text.starts_with("https://")) {
    url.scheme = "https";
  } else {
    return fail("it must begin with http:// or https://");
  }
  const bool secure = url.scheme == "https";
  std::string_view rest = text.substr(secure ? 8 : 7);
  const std::size_t end = rest.find_first_of("/?#");
  std::string_view authority = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end);
  if (authority.find('@') != std::string_view::npos) return fail("it may not hold credentials");
  if (!IsAuthority(authority) || authority.ends_with(':')) return fail("malformed host or port");
  url.port = secure ? 443 : 80;
  const std::size_t colon = authority.rfind(':');
  const std::size_t bracket = authority.rfind(']');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const std::string_view digits = authority.substr(colon + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
    authority = authority.substr(0, colon);
  }
  url.host = authority;
  url.target = rest.substr(0, rest.find('#'));
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  for (const char c : url.target) {
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f)
      return fail("malformed path");
  }
  return url;
}

}  // namespace tidemill::http
