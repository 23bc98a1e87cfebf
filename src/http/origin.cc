#include "http/origin.h"

#include <charconv>
#include <optional>

#include "base/ascii.h"

namespace tidemill::http {
namespace {

struct Origin {
  std::string_view scheme;
  std::string_view host;  // "[::1]" keeps its brackets
  std::uint16_t port = 0;
};

bool IsHostByte(char c) { return IsLetter(c) || IsDigit(c) || c == '-' || c == '.' || c == '_'; }

std::uint16_t DefaultPort(std::string_view scheme) {
  if (EqualIgnoringCase(scheme, "https") || EqualIgnoringCase(scheme, "wss")) return 443;
  if (EqualIgnoringCase(scheme, "http") || EqualIgnoringCase(scheme, "ws")) return 80;
  return 0;
}

// "host", "host:port", "[v6]:port".
std::optional<Origin> ParseAuthority(std::string_view scheme, std::string_view authority) {
  Origin origin{.scheme = scheme, .host = authority, .port = DefaultPort(scheme)};
  std::size_t colon = authority.rfind(':');
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    for (const char c : authority.substr(1, close - 1)) {
      if (!IsHostByte(c) && c != ':') return std::nullopt;
    }
    colon = close + 1 == authority.size() ? std::string_view::npos : close + 1;
    if (colon != std::string_view::npos && authority[colon] != ':') return std::nullopt;
  }
  if (colon != std::string_view::npos) {
    const std::string_view digits = authority.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), origin.port);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    origin.host = authority.substr(0, colon);
  }
  if (origin.host.empty()) return std::nullopt;
  if (!origin.host.starts_with('[')) {
    for (const char c : origin.host) {
      if (!IsHostByte(c)) return std::nullopt;
    }
  }
  return origin;
}

// What a Host header holds. Its port may be empty, which is the scheme's own (RFC 3986 section 3.2.3).
std::optional<Origin> ParseHost(std::string_view scheme, std::string_view host) {
  if (host.ends_with(':')) host.remove_suffix(1);
  return ParseAuthority(scheme, host);
}

std::optional<Origin> ParseOrigin(std::string_view text) {
  const std::size_t slashes = text.find("://");
  if (slashes == std::string_view::npos || slashes == 0) return std::nullopt;
  for (const char c : text.substr(0, slashes)) {
    if (!IsHostByte(c) && c != '+') return std::nullopt;
  }
  return ParseAuthority(text.substr(0, slashes), text.substr(slashes + 3));
}

struct Pattern {
  Origin origin;  // without what the stars stand for
  bool any_subdomain = false;
  bool any_port = false;
};

std::optional<Pattern> ParsePattern(std::string_view text) {
  const std::size_t slashes = text.find("://");
  if (slashes == std::string_view::npos || slashes == 0) return std::nullopt;
  std::string_view authority = text.substr(slashes + 3);
  Pattern pattern{.any_subdomain = authority.starts_with("*."), .any_port = authority.ends_with(":*")};
  if (pattern.any_subdomain) authority.remove_prefix(2);
  if (pattern.any_port) authority.remove_suffix(2);
  const auto origin = ParseAuthority(text.substr(0, slashes), authority);
  if (!origin) return std::nullopt;
  pattern.origin = *origin;
  return pattern;
}

bool Matches(const Origin& origin, std::string_view text) {
  const auto pattern = ParsePattern(text);
  if (!pattern) return false;
  const Origin& wanted = pattern->origin;
  if (!EqualIgnoringCase(origin.scheme, wanted.scheme)) return false;
  if (!pattern->any_port && origin.port != wanted.port) return false;
  if (!pattern->any_subdomain) return EqualIgnoringCase(origin.host, wanted.host);
  // At least one whole label in front.
  const std::size_t extra = origin.host.size() - wanted.host.size();
  return origin.host.size() > wanted.host.size() + 1 && origin.host[extra - 1] == '.' &&
         origin.host[0] != '.' && EqualIgnoringCase(origin.host.substr(extra), wanted.host);
}

}  // namespace

bool IsAuthority(std::string_view text) { return ParseHost("http", text).has_value(); }

Result<void> CheckOriginPattern(std::string_view pattern) {
  if (pattern == "*" || ParsePattern(pattern)) return {};
  return Fail(Errc::kInvalidArgument, "\"" + std::string(pattern) +
                                          "\" is no origin pattern; write it like \"https://example.com\", "
                                          "\"https://*.example.com\" or \"*\"");
}

bool OriginAllowed(std::string_view origin, std::string_view host, std::span<const std::string> patterns) {
  for (const std::string& pattern : patterns) {
    if (pattern == "*") return true;
  }
  const auto parsed = ParseOrigin(origin);
  if (!parsed) return false;
  if (patterns.empty()) {
    const auto own = ParseHost(parsed->scheme, host);
    return own && EqualIgnoringCase(own->host, parsed->host) && own->port == parsed->port;
  }
  for (const std::string& pattern : patterns) {
    if (Matches(*parsed, pattern)) return true;
  }
  return false;
}

}  // namespace tidemill::http
