// `serve --dev`: settings that need no configuration, the demo page, and the welcome in the terminal.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/sources.h"
#include "http/server.h"
#include "net/address.h"
#include "server/dev_welcome.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

// Loopback only, keys made up at random, a demo namespace; pages of this machine may connect. What the
// sources say goes over it.
//
// Jobs are served, and a folder ./queries. Where no database is given, they are kept in a file of this
// folder, .tidemill/tidemill.db.
settings::Settings DevSettings(const config::Sources& sources);
// Makes the folder of that file, if the settings ask for it; git passes it over.
Result<void> MakeDevFolder(const settings::Settings& settings);

// Immutable after construction; any thread.
class DevPage {
 public:
  // `base`: what DevSettings made; `settings`: what is in force.
  DevPage(const settings::Settings& base, const settings::Settings& settings);

  // GET / and what it loads; GET /demo/config.json gives each visitor a name and a token.
  void AddRoutes(http::Router& router) const;
  // `addresses`: where the server listens, the internal ones last; `job_addresses`: where workers connect.
  DevWelcome Welcome(const std::vector<net::ListenAddress>& addresses,
                     const std::vector<net::ListenAddress>& job_addresses) const;

 private:
  const std::shared_ptr<const settings::Settings> settings_;
  const std::string api_key_;
  const std::string of_keys_;
};

}  // namespace tidemill::server
