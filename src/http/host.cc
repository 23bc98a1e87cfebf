#include "http/host.h"

#include <algorithm>

#include "base/ascii.h"
#include "http/glob.h"
#include "net/address.h"

namespace tidemill::http {
namespace {

// "localhost" of "localhost:8000", "::1" of "[::1]:8000".
std::string_view WithoutPort(std::string_view host) {
  if (host.starts_with('[')) return host.substr(1, std::min(host.find(']'), host.size()) - 1);
  return host.substr(0, host.find(':'));
}

}  // namespace

bool IsHostPattern(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return IsLetter(c) || IsDigit(c) || c == '-' || c == '_' || c == '.' || c == '*' || c == '?';
  });
}

bool HostAllowed(std::string_view host, std::span<const std::string> patterns) {
  std::string_view name = WithoutPort(host);
  if (patterns.empty() || net::IpAddress::Parse(name)) return true;
  if (name.ends_with('.')) name.remove_suffix(1);
  return std::ranges::any_of(patterns, [name](const std::string& pattern) {
    const auto glob = Glob::Parse(pattern);
    return glob && glob->Matches(name);
  });
}

}  // namespace tidemill::http
