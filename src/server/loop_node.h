// LoopNode: all that lives on one loop: its hub, sessions, API and HTTP server. Node makes one per loop.
//
// Built before the loops run; then the loop's thread only, but for what says otherwise.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "api/api.h"
#include "api/metrics.h"
#include "cluster/cluster.h"
#include "http/server.h"
#include "metrics/metrics.h"
#include "net/listener.h"
#include "net/task_scope.h"
#include "realtime/broker/loop_broker.h"
#include "realtime/broker/publisher.h"
#include "realtime/hub/hub.h"
#include "realtime/methods/methods.h"
#include "realtime/session/context.h"
#include "server/health.h"
#include "server/loop_probe.h"
#include "settings/settings.h"

namespace tidemill::server {

// What the loops share.
struct SharedParts {
  metrics::Registry& registry;
  hub::HubMetrics& hub_metrics;
  session::SessionMetrics& session_metrics;
  http::ServerMetrics& http_metrics;
  api::ApiMetrics& api_metrics;
  net::ConnectionLimiter& limiter;
  const Health& health;
  cluster::Bus* bus = nullptr;                         // to the other nodes; null: there are none
  cluster::ClusterMetrics* cluster_metrics = nullptr;  // with a bus
  cluster::Cluster* cluster = nullptr;                 // of loop 0, for the loops after it
};

// What a reload replaces; immutable.
struct LiveSettings {
  std::shared_ptr<const session::SessionSettings> session;
  api::HttpApiSettings api;
  std::shared_ptr<session::Tokens> tokens;  // this loop's
  std::shared_ptr<net::TlsContext> tls;     // null: plaintext
};

struct Listening {
  net::ListenAddress address;
  int shared_unix_fd = -1;
};

class LoopNode {
 public:
  LoopNode(net::Loop& loop, broker::LoopBroker broker, SharedParts shared, LiveSettings live,
           const settings::Settings& settings, const std::vector<session::Context*>& contexts);

  // Adds routes that only some servers have (the demo page), to the public port.
  http::Router& public_routes() { return *public_router_; }

  // Opens the ports, which must come last. Gives where it listens, real port numbers included.
  Result<std::vector<Listening>> Listen(std::vector<Listening> public_addresses,
                                        std::vector<Listening> internal_addresses);

  void Replace(LiveSettings live);
  // On the public ports; the internal ones go on until the end.
  void StopAccepting();
  // Ends `share` of every connected session with code 3001; 1 ends all.
  void EndSessions(std::size_t count);
  std::size_t sessions() const { return context_.registry.sessions(); }
  // Requests of the API that change state and have not come to their end, whoever hung up.
  std::size_t changes() const { return api_->changes(); }

  // On loop 0 of a node that is not alone.
  cluster::Cluster* cluster() { return cluster_.get(); }
  net::Loop& loop() { return loop_; }
  session::Context& context() { return context_; }

 private:
  using Listeners = std::vector<std::unique_ptr<net::Listener>>;
  Result<void> ListenOn(const std::vector<Listening>& addresses, http::Server& server, Listeners& listeners,
                        std::vector<Listening>& bound);

  net::Loop& loop_;
  broker::LoopBroker broker_;
  broker::Publisher publisher_;
  hub::Hub hub_;
  session::Context context_;
  std::unique_ptr<control::Directory> own_directory_;  // of this node
  std::unique_ptr<cluster::Cluster> cluster_;
  std::unique_ptr<control::Directory> directory_;  // of all nodes
  methods::Services method_services_;
  std::unique_ptr<api::Api> api_;
  std::shared_ptr<http::Router> public_router_ = std::make_shared<http::Router>();
  std::shared_ptr<http::Router> internal_router_ = std::make_shared<http::Router>();
  std::unique_ptr<http::Server> public_server_;
  std::unique_ptr<http::Server> internal_server_;
  std::shared_ptr<net::TlsContext> tls_;
  net::ConnectionLimiter& limiter_;
  Listeners public_listeners_;
  Listeners internal_listeners_;
  LoopProbe probe_;
  TaskScope scope_;  // last, so that nothing its tasks refer to ends before them
};

}  // namespace tidemill::server
