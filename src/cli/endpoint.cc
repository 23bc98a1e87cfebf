#include "cli/endpoint.h"

#include <fmt/format.h>

#include <charconv>

#include "base/ascii.h"
#include "net/address.h"
#include "settings/settings.h"

namespace tidemill::cli {
namespace {

struct Scheme {
  std::string_view prefix;
  bool tls;
};

constexpr Scheme kSchemes[] = {{"http://", false}, {"https://", true}, {"ws://", false}, {"wss://", true}};

std::unexpected<Error> Wrong(std::string_view url) {
  return Fail(Errc::kInvalidArgument,
              fmt::format("\"{}\" is not the address of a server; write it like http://127.0.0.1:8000", url));
}

bool IsHostCharacter(char c) {
  return IsLetter(c) || IsDigit(c) || c == '-' || c == '.' || c == '_' || c == ':';
}

// "host", "host:port", "[::1]:port".
bool ParseAuthority(std::string_view authority, Endpoint& endpoint) {
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == authority.npos) return false;
    endpoint.host = authority.substr(1, end - 1);
    authority.remove_prefix(end + 1);
    if (!authority.empty() && authority.front() != ':') return false;
    port = authority.empty() ? authority : authority.substr(1);
  } else {
    const std::size_t colon = authority.find(':');
    endpoint.host = authority.substr(0, colon);
    if (colon != authority.npos) port = authority.substr(colon + 1);
    if (colon != authority.npos && port.empty()) return false;
  }
  for (const char c : endpoint.host) {
    if (!IsHostCharacter(c)) return false;
  }
  if (port.empty()) return !endpoint.host.empty();
  const auto read = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  return !endpoint.host.empty() && read.ec == std::errc{} && read.ptr == port.data() + port.size() &&
         endpoint.port != 0;
}

}  // namespace

Result<Endpoint> Endpoint::Parse(std::string_view url) {
  for (const Scheme& scheme : kSchemes) {
    if (!url.starts_with(scheme.prefix)) continue;
    const std::string_view rest = url.substr(scheme.prefix.size());
    const std::size_t slash = rest.find('/');
    Endpoint endpoint{.tls = scheme.tls, .port = static_cast<std::uint16_t>(scheme.tls ? 443 : 80)};
    if (!ParseAuthority(rest.substr(0, slash), endpoint)) return Wrong(url);
    if (slash != rest.npos) endpoint.path = rest.substr(slash);
    while (endpoint.path.ends_with('/')) endpoint.path.pop_back();
    for (const char c : endpoint.path) {
      if (c <= ' ' || c >= 0x7f || c == '?' || c == '#') return Wrong(url);
    }
    return endpoint;
  }
  return Wrong(url);
}

http::Url Endpoint::ToUrl(std::string_view target) const {
  return {.scheme = tls ? "https" : "http",
          .host = host.contains(':') ? fmt::format("[{}]", host) : host,
          .port = port,
          .target = fmt::format("{}{}", path, target)};
}

std::string Endpoint::HostHeader() const {
  std::string header = host.contains(':') ? fmt::format("[{}]", host) : host;
  if (port != (tls ? 443 : 80)) header += fmt::format(":{}", port);
  return header;
}

Result<Endpoint> LocalEndpoint(const settings::Settings& settings, Service service) {
  const http::ServerSettings& server = settings.http_server;
  const bool internal = service == Service::kApi && !server.internal_listen.empty();
  for (const std::string& text : internal ? server.internal_listen : server.listen) {
    TM_TRY_ASSIGN(const net::ListenAddress address, net::ListenAddress::Parse(text));
    if (!address.unix_path.empty() || address.tcp.port == 0) continue;
    const bool any = address.tcp.ip == net::IpAddress{} || address.tcp.ip.ToString() == "0.0.0.0";
    return Endpoint{.tls = !server.tls_cert_file.empty(),
                    .host = any ? "127.0.0.1" : address.tcp.ip.ToString(),
                    .port = address.tcp.port};
  }
  return Fail(Errc::kNotFound, "the settings have no TCP address to connect to; give --url");
}

}  // namespace tidemill::cli
