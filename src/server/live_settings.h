// LiveSettings: what a reload replaces, made of the settings once for all loops. Immutable.
#pragma once

#include <memory>
#include <string>

#include "api/settings.h"
#include "base/result.h"
#include "http/settings.h"

namespace tidemill::net {
class Networks;
class TlsContext;
}  // namespace tidemill::net
namespace tidemill::proxies {
struct ProxiesSettings;
struct ProxiesTls;
}  // namespace tidemill::proxies
namespace tidemill::session {
struct SessionSettings;
}
namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

struct LiveSettings {
  std::shared_ptr<const session::SessionSettings> session;
  std::shared_ptr<const proxies::ProxiesSettings> backend;
  std::shared_ptr<const proxies::ProxiesTls> backend_tls;  // of the files that they name
  api::HttpApiSettings api;
  http::ServerSettings http;                     // of it, what a reload takes over
  std::shared_ptr<const net::Networks> proxies;  // http.trusted_proxies; null: there are none
  std::shared_ptr<net::TlsContext> tls;          // null: plaintext
};

// http_server.trusted_proxies, which has been checked; null: there are none.
std::shared_ptr<const net::Networks> ProxiesOf(const http::ServerSettings& settings);

// Reads the files of the certificate and of the proxies. An error names the setting, or the proxy and its
// file, and what is wrong with it.
Result<LiveSettings> MakeLiveSettings(const settings::Settings& settings, const std::string& node_id);

}  // namespace tidemill::server
