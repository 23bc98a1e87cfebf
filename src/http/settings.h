// Settings of the HTTP server: http_server, and the limits of its connections, whose keys stand below client.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "config/finding.h"
#include "config/section_fwd.h"

namespace tidemill::http {

struct ServerSettings {
  std::vector<std::string> listen = {"127.0.0.1:8000"};  // http_server.listen
  std::vector<std::string> internal_listen;              // API, metrics, health there only when given
  bool internal_plain_http = false;
  std::vector<std::string> allowed_hosts;  // globs; empty: any
  std::string tls_cert_file;
  std::string tls_key_file;
  std::vector<std::string> trusted_proxies;
  std::string client_address_header;  // "": X-Forwarded-For, or else Forwarded
  bool proxy_protocol = false;
  std::uint32_t connection_limit = 0;  // client.connection_limit
  std::uint32_t connection_limit_per_address = 0;
  std::uint64_t max_request_body_bytes = 4 * 1024 * 1024;
  std::uint64_t buffers_bytes_max = 128 * 1024 * 1024;
  Duration headers_timeout = Seconds(10);
  Duration body_timeout = Seconds(30);
  Duration keep_alive_timeout = Seconds(75);
  Duration answer_timeout = Seconds(30);
  friend bool operator==(const ServerSettings&, const ServerSettings&) = default;
};

config::Section<ServerSettings> ServerSection();
config::Section<ServerSettings> ConnectionLimitSection();

// Adds what is wrong with `path` as the beginning of paths that something is served at.
void CheckPathPrefix(const std::string& key, std::string_view path, config::Findings& findings);

}  // namespace tidemill::http
