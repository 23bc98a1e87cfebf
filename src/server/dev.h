// `serve --dev`: settings that need no configuration, the demo page, and the welcome in the terminal.
#pragma once

#include <memory>
#include <string>

#include "config/sources.h"
#include "http/server.h"
#include "net/address.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

// Loopback only, keys made up at random, a demo namespace. What the sources say goes over it.
settings::Settings DevSettings(const config::Sources& sources);

// Immutable after construction; any thread.
class DevPage {
 public:
  explicit DevPage(const settings::Settings& settings);

  // GET / and what it loads; GET /demo/config.json gives each visitor a name and a token.
  void AddRoutes(http::Router& router) const;
  // The address to open, and three snippets to copy.
  void PrintWelcome(const net::ListenAddress& address) const;

 private:
  std::string hmac_key_;
  std::string api_key_;
};

}  // namespace tidemill::server
