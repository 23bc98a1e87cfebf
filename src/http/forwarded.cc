#include "http/forwarded.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/ascii.h"

namespace tidemill::http {
namespace {

constexpr std::string_view kXForwardedFor = "X-Forwarded-For";
constexpr std::string_view kForwarded = "Forwarded";
constexpr std::size_t kHopsMax = 32;

enum class Quotes : std::uint8_t { kNone, kCount };

// Takes what stands behind the last `separator` that is in no quotes off the end of `text`. Read from its
// end, which the nearest proxy wrote: quotes that a client left open before it change nothing there.
std::string_view TakeLast(std::string_view& text, char separator, Quotes quotes) {
  bool quoted = false;
  for (std::size_t i = text.size(); i > 0; --i) {
    const char c = text[i - 1];
    if (c == '"' && quotes == Quotes::kCount && (i < 2 || text[i - 2] != '\\')) quoted = !quoted;
    if (c != separator || quoted) continue;
    const std::string_view last = text.substr(i);
    text = text.substr(0, i - 1);
    return TrimBlanks(last);
  }
  return TrimBlanks(std::exchange(text, {}));
}

bool IsPort(std::string_view text) {
  return !text.empty() && text.size() <= 5 && std::ranges::all_of(text, IsDigit);
}

// "192.0.2.7", "192.0.2.7:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80"
std::optional<net::IpAddress> ParseNode(std::string_view node) {
  std::string_view host = node;
  if (node.starts_with('[')) {
    const std::size_t end = node.find(']');
    if (end == node.npos || !node.substr(1, end - 1).contains(':')) return std::nullopt;
    const std::string_view rest = node.substr(end + 1);
    if (!rest.empty() && (rest.front() != ':' || !IsPort(rest.substr(1)))) return std::nullopt;
    host = node.substr(1, end - 1);
  } else if (std::ranges::count(node, ':') == 1) {
    const std::size_t colon = node.find(':');
    if (!IsPort(node.substr(colon + 1))) return std::nullopt;
    host = node.substr(0, colon);
  }
  const Result<net::IpAddress> address = net::IpAddress::Parse(host);
  // All zero is a Unix socket's peer, and nobody's address.
  if (!address || *address == net::IpAddress{}) return std::nullopt;
  return *address;
}

// The node of "for=192.0.2.60;proto=http;by=203.0.113.43"; "" where there is none.
std::string_view NodeOf(std::string_view element) {
  while (!element.empty()) {
    const std::string_view pair = TakeLast(element, ';', Quotes::kCount);
    const std::size_t equals = pair.find('=');
    if (equals == pair.npos || !EqualIgnoringCase(pair.substr(0, equals), "for")) continue;
    std::string_view node = pair.substr(equals + 1);
    if (node.size() >= 2 && node.front() == '"' && node.back() == '"') node = node.substr(1, node.size() - 2);
    return node;
  }
  return {};
}

bool Has(std::span<const HeaderView> headers, std::string_view name) {
  return std::ranges::any_of(headers,
                             [name](const HeaderView& h) { return EqualIgnoringCase(h.name, name); });
}

}  // namespace

net::IpAddress ClientAddress(std::span<const HeaderView> headers, const net::IpAddress& peer,
                             const net::Networks& proxies, ForwardedHeader header) {
  if (!proxies.Contains(peer)) return peer;
  const bool in_x = header == ForwardedHeader::kXForwardedFor ||
                    (header == ForwardedHeader::kEither && Has(headers, kXForwardedFor));
  const std::string_view name = in_x ? kXForwardedFor : kForwarded;
  net::IpAddress client = peer;
  std::size_t hops = 0;
  // Of several headers the last was written last (RFC 9110 section 5.3).
  for (std::size_t i = headers.size(); i > 0; --i) {
    if (!EqualIgnoringCase(headers[i - 1].name, name)) continue;
    std::string_view rest = headers[i - 1].value;
    while (!rest.empty()) {
      const std::string_view element = TakeLast(rest, ',', in_x ? Quotes::kNone : Quotes::kCount);
      const auto address = ParseNode(in_x ? element : NodeOf(element));
      if (!address || ++hops > kHopsMax) return client;
      client = *address;
      if (!proxies.Contains(client)) return client;
    }
  }
  return client;
}

}  // namespace tidemill::http
