#include "http/origin.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/ascii.h"
#include "http/glob.h"

namespace tidemill::http {
namespace {

struct Origin {
  std::string_view scheme;
  std::string_view host;  // "[::1]" keeps its brackets
  std::uint16_t port = 0;
};

// What a page sends that has no origin to tell of (HTML section 7.5), and one from a file in some web views.
constexpr std::string_view kOpaque = "null";
constexpr std::string_view kFile = "file://";

bool IsHostByte(char c) { return IsLetter(c) || IsDigit(c) || c == '-' || c == '.' || c == '_'; }

bool IsSchemeByte(char c) { return IsHostByte(c) || c == '+'; }

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
  if (!std::ranges::all_of(text.substr(0, slashes), IsSchemeByte)) return std::nullopt;
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
  if (!std::ranges::all_of(text.substr(0, slashes), IsSchemeByte)) return std::nullopt;
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

// The texts "scheme://host", "scheme://host:port" and "scheme://[v6]:port". From kPort on, a state says how
// many digits there were, and how they compare with as many of the largest port's.
enum State : int {
  kBegin,
  kScheme,
  kColon,
  kSlash,
  kSlashes,
  kHost,
  kBracket,
  kV6,
  kHostEnd,
  kPortColon,
  kPort
};
constexpr std::string_view kLargestPort = "65535";
enum Comparison : int { kEqual, kLess, kGreater, kComparisons };
constexpr int kStates = kPort + static_cast<int>(kLargestPort.size()) * kComparisons;

int StepInPort(std::size_t digits, int comparison, char c) {
  if (!IsDigit(c) || digits == kLargestPort.size()) return -1;
  if (comparison == kEqual && c != kLargestPort[digits])
    comparison = c < kLargestPort[digits] ? kLess : kGreater;
  if (comparison == kGreater && digits + 1 == kLargestPort.size()) return -1;
  return kPort + static_cast<int>(digits) * kComparisons + comparison;
}

int Step(int state, char c) {
  if (state >= kPort) {
    return StepInPort(static_cast<std::size_t>((state - kPort) / kComparisons + 1),
                      (state - kPort) % kComparisons, c);
  }
  switch (state) {
    case kBegin: return IsSchemeByte(c) ? kScheme : -1;
    case kScheme: return IsSchemeByte(c) ? kScheme : c == ':' ? kColon : -1;
    case kColon: return c == '/' ? kSlash : -1;
    case kSlash: return c == '/' ? kSlashes : -1;
    case kSlashes: return c == '[' ? kBracket : IsHostByte(c) ? kHost : -1;
    case kHost: return IsHostByte(c) ? kHost : c == ':' ? kPortColon : -1;
    case kBracket: return IsHostByte(c) || c == ':' ? kV6 : -1;
    case kV6: return IsHostByte(c) || c == ':' ? kV6 : c == ']' ? kHostEnd : -1;
    case kHostEnd: return c == ':' ? kPortColon : -1;
    default: return StepInPort(0, kEqual, c);
  }
}

bool IsEnd(int state) { return state == kHost || state == kHostEnd || state >= kPort; }

bool CanMatchAnOrigin(const Glob& glob) {
  return glob.Matches(kOpaque) || glob.Matches(kFile) ||
         glob.MatchesAnyOf({.states = kStates, .step = Step, .accepts = IsEnd});
}

bool MatchesGlob(std::string_view origin, std::string_view pattern) {
  const Result<Glob> glob = Glob::Parse(pattern);
  return glob && glob->Matches(origin);
}

}  // namespace

bool IsAuthority(std::string_view text) { return ParseHost("http", text).has_value(); }

Result<void> CheckOriginPattern(std::string_view pattern) {
  if (pattern == "*" || ParsePattern(pattern)) return {};
  if (const Result<Glob> glob = Glob::Parse(pattern); glob && CanMatchAnOrigin(*glob)) return {};
  return Fail(Errc::kInvalidArgument, "\"" + std::string(pattern) +
                                          "\" is no origin pattern; write it like \"https://example.com\", "
                                          "\"https://*.example.com\" or \"*\"");
}

bool OriginAllowed(std::string_view origin, std::string_view host, std::span<const std::string> patterns) {
  for (const std::string& pattern : patterns) {
    if (pattern == "*") return true;
  }
  const auto parsed = ParseOrigin(origin);
  const bool has_no_host = EqualIgnoringCase(origin, kOpaque) || EqualIgnoringCase(origin, kFile);
  if (!parsed && !has_no_host) return false;
  if (patterns.empty()) {
    if (!parsed) return false;
    const auto own = ParseHost(parsed->scheme, host);
    return own && EqualIgnoringCase(own->host, parsed->host) && own->port == parsed->port;
  }
  for (const std::string& pattern : patterns) {
    if (ParsePattern(pattern)) {
      if (parsed && Matches(*parsed, pattern)) return true;
    } else if (MatchesGlob(origin, pattern)) {
      return true;
    }
  }
  return false;
}

}  // namespace tidemill::http
