// LoopServer: what one loop serves: the HTTP API and clients' connections, on its ports.
//
// A further protocol is one more acceptor and one more port here. Made before the loops run; then the loop's
// thread only, but for what says otherwise.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/api.h"
#include "http/server.h"
#include "http/settings.h"
#include "realtime/control/directory.h"
#include "realtime/methods/methods.h"
#include "server/health.h"
#include "server/live_settings.h"
#include "server/loop_realtime.h"
#include "server/port.h"
#include "server/reload.h"
#include "server/shared.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

class NodeAccounts;
class NodeJobs;
class NodeOutbox;
class SelfView;

struct PortAddresses {
  std::string port;  // its name
  std::vector<Listening> addresses;
};

// The addresses that the settings give to each port: the public one first.
Result<std::vector<PortAddresses>> AddressesOf(const http::ServerSettings& settings);

class LoopServer {
 public:
  // The parts of the node that it serves; null: there is none. Without `access_store` decisions about access
  // are kept nowhere.
  struct Parts {
    access::Store* access_store = nullptr;
    status::Store* user_status = nullptr;
    NodeJobs* jobs = nullptr;
    NodeOutbox* outbox = nullptr;
    NodeAccounts* accounts = nullptr;
    SelfView* self = nullptr;
  };
  // All are borrowed and outlive it, but for the settings.
  LoopServer(LoopRealtime& realtime, control::Directory& directory, const Parts& parts, Shared& shared,
             const Health& health, const settings::Settings& settings, const LiveSettings& live);

  // For routes that only some servers have (the demo page), on the public port.
  http::Router& public_routes() { return *public_router_; }

  // Opens the ports, which must come last. Puts real port numbers and descriptors into `addresses`, which are
  // then the next loop's.
  Result<void> OpenPorts(std::vector<PortAddresses>& addresses);

  // Main thread; the commit belongs on the loop.
  Commit Prepare(const LiveSettings& live);

  // No new connections but on ports that stay open; HTTP ends after the requests under way.
  void Drain();
  // Requests of the API that change state and have not come to their end, whoever hung up.
  std::size_t changes() const { return api_->changes(); }

 private:
  std::vector<api::Method> Methods(const Parts& parts);
  std::unique_ptr<api::People> PeopleOf(const Parts& parts, const settings::Settings& settings);

  LoopRealtime& realtime_;
  net::ConnectionLimiter& limiter_;
  std::shared_ptr<net::TlsContext> tls_;
  methods::Services method_services_;
  std::unique_ptr<api::Api> api_;
  std::shared_ptr<http::Router> public_router_ = std::make_shared<http::Router>();
  std::shared_ptr<http::Router> internal_router_ = std::make_shared<http::Router>();
  std::unique_ptr<http::Server> public_server_;
  std::unique_ptr<http::Server> internal_server_;
  std::vector<Port> ports_;
};

}  // namespace tidemill::server
