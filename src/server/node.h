// Node: the whole server in one object: loops, their threads, and what they share.
//
// This is the wiring: the only place that names implementations and makes everything by hand, bottom up.
// Thread: the main one. Start returns when all ports are open.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "server/brokers.h"
#include "server/loop_node.h"
#include "settings/settings.h"

namespace tidemill::server {

class Node {
 public:
  // `add_routes` is called for each loop's public port before it opens.
  using AddRoutes = std::function<void(http::Router&)>;
  static Result<std::unique_ptr<Node>> Start(settings::Settings settings, const AddRoutes& add_routes);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Where it listens, real port numbers included.
  const std::vector<net::ListenAddress>& addresses() const { return addresses_; }

  // Takes over what can change while running: all of it, or nothing if anything is wrong with it.
  // Gives the names of changed settings that need a restart.
  Result<std::vector<std::string>> Reload(settings::Settings settings);

  // Stops accepting and says so on /health; ends the sessions with code 3001, spread so that clients do not
  // come back all at once; waits for them. At most shutdown_timeout. `hurry` is asked between steps.
  void Drain(const std::function<bool()>& hurry);

 private:
  explicit Node(settings::Settings settings);

  Result<void> Build(const AddRoutes& add_routes);
  Result<void> OpenPorts();
  void AddNodeMetrics();
  void LeaveCluster();
  Result<std::vector<LiveSettings>> MakeLive(const settings::Settings& settings);
  std::size_t CountSessions();
  std::size_t CountChanges();
  template <class F>
  void OnEveryLoop(F function);

  settings::Settings settings_;
  const std::string node_id_;
  metrics::Registry registry_;
  hub::HubMetrics hub_metrics_;
  session::SessionMetrics session_metrics_;
  http::ServerMetrics http_metrics_;
  api::ApiMetrics api_metrics_;
  Health health_;
  std::unique_ptr<net::ConnectionLimiter> limiter_;
  std::vector<std::unique_ptr<net::Loop>> loops_;
  std::unique_ptr<Brokers> brokers_;
  std::vector<session::Context*> contexts_;
  std::vector<std::unique_ptr<LoopNode>> nodes_;
  std::vector<net::ListenAddress> addresses_;
  std::vector<std::thread> threads_;
};

}  // namespace tidemill::server
