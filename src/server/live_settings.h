// LiveSettings: what a reload replaces, made of the settings once for all loops. Immutable.
#pragma once

#include <memory>
#include <string>

#include "api/settings.h"
#include "base/result.h"

namespace tidemill::net {
class TlsContext;
}
namespace tidemill::session {
struct SessionSettings;
}
namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

struct LiveSettings {
  std::shared_ptr<const session::SessionSettings> session;
  api::HttpApiSettings api;
  std::shared_ptr<net::TlsContext> tls;  // null: plaintext
};

// Reads the certificate's files. An error names the setting and what is wrong with it.
Result<LiveSettings> MakeLiveSettings(const settings::Settings& settings, const std::string& node_id);

}  // namespace tidemill::server
