// The server's address as a person writes it: "http://127.0.0.1:8000",
// "wss://rt.example.com/connection/websocket".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/url.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::cli {

struct Endpoint {
  bool tls = false;
  std::string host;  // without the brackets of an IPv6 address
  std::uint16_t port = 0;
  std::string path;  // without a trailing '/'; "" when none was given

  // http, https, ws, wss; kInvalidArgument for anything else, and for credentials, a query or a fragment.
  static Result<Endpoint> Parse(std::string_view url);
  // Of `target` below the path.
  http::Url ToUrl(std::string_view target) const;
  // What the Host header says: "[::1]:8000", "example.com".
  std::string HostHeader() const;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

enum class Service : std::uint8_t { kApi, kClients };

// Where a server with these settings listens on this machine for its API, or for clients: the first TCP
// address. kNotFound: it has none.
Result<Endpoint> LocalEndpoint(const settings::Settings& settings, Service service);

}  // namespace tidemill::cli
