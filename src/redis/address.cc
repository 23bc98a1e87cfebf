#include "redis/address.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "base/ascii.h"
#include "base/percent.h"

namespace tidemill::redis {
namespace {

constexpr std::uint32_t kDbMax = std::numeric_limits<std::int32_t>::max();  // what SELECT reads
constexpr std::size_t kHostBytesMax = 253;
constexpr std::size_t kUnixPathBytesMax = sizeof(sockaddr_un::sun_path) - 1;

std::unexpected<Error> Wrong(std::string detail) { return Fail(Errc::kInvalidArgument, std::move(detail)); }

// A number of digits only, from 0 to `max`.
std::optional<std::uint32_t> Number(std::string_view text, std::uint32_t max) {
  std::uint32_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool good = read.ec == std::errc{} && read.ptr == text.data() + text.size() && number <= max;
  return good ? std::optional(number) : std::nullopt;
}

Result<std::string> Unescape(std::string_view text) {
  auto decoded = PercentDecode(text);
  if (!decoded) return Wrong("after a % in user or password stand two hexadecimal digits");
  return *std::move(decoded);
}

Result<void> ReadCredentials(std::string_view text, Address& address) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  TM_TRY_ASSIGN(address.credentials.user, Unescape(text.substr(0, colon)));
  if (colon == text.size()) return {};
  TM_TRY_ASSIGN(address.credentials.password, Unescape(text.substr(colon + 1)));
  return {};
}

Result<void> ReadDb(std::string_view text, Address& address) {
  const std::optional<std::uint32_t> db = Number(text, kDbMax);
  if (!db) return Wrong("the database is not a whole number");
  address.db = *db;
  address.has_db = true;
  return {};
}

bool IsIpv6(const std::string& host) {
  in6_addr ip{};
  return inet_pton(AF_INET6, host.c_str(), &ip) == 1;
}

bool IsHostName(std::string_view host) {
  return !host.empty() && host.size() <= kHostBytesMax && std::ranges::all_of(host, [](char c) {
    return IsLetter(c) || IsDigit(c) || c == '-' || c == '.' || c == '_';
  });
}

Result<void> ReadPort(std::string_view text, Address& address) {
  const std::optional<std::uint32_t> port = Number(text, std::numeric_limits<std::uint16_t>::max());
  if (!port || *port == 0) return Wrong("the port is not a number from 1 to 65535");
  address.endpoint.port = static_cast<std::uint16_t>(*port);
  return {};
}

// "host", "host:port", "[::1]", "[::1]:port"
Result<void> ReadHostAndPort(std::string_view text, Address& address) {
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos) return Wrong("a [ without its ]");
    address.endpoint.host = text.substr(1, end - 1);
    if (!IsIpv6(address.endpoint.host)) return Wrong("what stands in brackets is not an IPv6 address");
    rest = text.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') return Wrong("something other than :port after the brackets");
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    rest = text.substr(colon);
    if (std::ranges::count(text, ':') > 1) {
      return Wrong("more than one colon; an IPv6 address stands in brackets");
    }
    address.endpoint.host = text.substr(0, colon);
    if (address.endpoint.host.empty()) return Wrong("no host");
    if (!IsHostName(address.endpoint.host)) return Wrong("the host is not a name or an IP address");
  }
  if (rest.empty()) return {};
  return ReadPort(rest.substr(1), address);
}

Result<void> ReadTcp(std::string_view text, Address& address) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  std::string_view authority = text.substr(0, slash);
  if (const std::size_t at = authority.rfind('@'); at != authority.npos) {
    TM_TRY(ReadCredentials(authority.substr(0, at), address));
    authority.remove_prefix(at + 1);
  } else if (text.contains('@')) {
    return Wrong("a / before the @; in user and password it is written %2F");
  }
  TM_TRY(ReadHostAndPort(authority, address));
  if (slash + 1 >= text.size()) return {};
  return ReadDb(text.substr(slash + 1), address);
}

Result<void> ReadUnix(std::string_view text, Address& address) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  if (const std::string_view authority = text.substr(0, slash); !authority.empty()) {
    if (authority.back() != '@') return Wrong("the path does not begin with a /; write unix:///path");
    TM_TRY(ReadCredentials(authority.substr(0, authority.size() - 1), address));
  }
  const std::string_view path_and_query = text.substr(slash);
  const std::size_t mark = std::min(path_and_query.find('?'), path_and_query.size());
  address.endpoint.unix_path = path_and_query.substr(0, mark);
  if (address.endpoint.unix_path.size() < 2) return Wrong("no path; write unix:///path");
  if (address.endpoint.unix_path.size() > kUnixPathBytesMax) {
    return Wrong("the path is over " + std::to_string(kUnixPathBytesMax) + " bytes");
  }
  if (mark == path_and_query.size()) return {};
  const std::string_view query = path_and_query.substr(mark + 1);
  if (!query.starts_with("db=")) return Wrong("something other than db=N after the ?");
  return ReadDb(query.substr(3), address);
}

}  // namespace

std::string Endpoint::ToString() const {
  if (!unix_path.empty()) return unix_path;
  const bool is_ipv6 = host.contains(':');
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Address> Address::Parse(std::string_view text) {
  Address address;
  const auto take = [&text](std::string_view scheme) {
    const bool there = text.starts_with(scheme);
    if (there) text.remove_prefix(scheme.size());
    return there;
  };
  if (text.contains('\0')) return Wrong("holds a zero byte");
  if (take("unix://")) {
    TM_TRY(ReadUnix(text, address));
  } else if (take("redis://")) {
    TM_TRY(ReadTcp(text, address));
  } else if (take("rediss://")) {
    address.tls = true;
    TM_TRY(ReadTcp(text, address));
  } else if (text.contains("://")) {
    return Wrong("an unknown scheme; accepted: redis://, rediss://, unix://");
  } else if (text.contains('@') || text.contains('/')) {
    return Wrong("more than host:port; write it as redis://user:password@host:port/db");
  } else {
    TM_TRY(ReadHostAndPort(text, address));
  }
  return address;
}

}  // namespace tidemill::redis
