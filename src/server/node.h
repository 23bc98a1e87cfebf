// Node: one running server: all that its loops share and all that lives on them.
//
// This is the wiring: the only place that names implementations and makes everything by hand, bottom up.
// Thread: the main one. Start returns when all ports are open.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/brokers.h"
#include "server/databases.h"
#include "server/directories.h"
#include "server/drain.h"
#include "server/health.h"
#include "server/live_settings.h"
#include "server/loop_realtime.h"
#include "server/loop_server.h"
#include "server/loops.h"
#include "server/node_access.h"
#include "server/node_accounts.h"
#include "server/node_chat.h"
#include "server/node_events.h"
#include "server/node_jobs.h"
#include "server/node_outbox.h"
#include "server/node_queries.h"
#include "server/node_rates.h"
#include "server/node_status.h"
#include "server/occupancy.h"
#include "server/reload.h"
#include "server/self_view.h"
#include "server/shared.h"
#include "settings/settings.h"

namespace tidemill::server {

class Node {
 public:
  struct Options {
    // Called for each loop's public port before it opens; may be empty.
    std::function<void(http::Router&)> add_routes;
    bool developer = false;    // `serve --dev`
    SelfView* self = nullptr;  // what it tells of itself; null: nothing. Outlives the node.
  };
  static Result<std::unique_ptr<Node>> Start(settings::Settings settings, const Options& options);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Where it listens, real port numbers included: the public addresses, then the internal ones.
  const std::vector<net::ListenAddress>& addresses() const { return addresses_; }
  // Where workers of jobs connect; empty: nowhere.
  std::vector<net::ListenAddress> job_addresses() const;
  // The link that makes the first owner of accounts, once it is known; "": there is one, or it is not known
  // in time, or there are no accounts.
  std::string WaitForOwnerLink(Duration patience) const;

  // Takes over what can change while running: all of it, or nothing if anything is wrong with it.
  // Gives the names of changed settings that need a restart.
  Result<std::vector<std::string>> Reload(const settings::Settings& settings);

  // Stops accepting and says so on /health; ends the sessions with code 3001, spread so that clients do not
  // come back all at once; waits for them. At most shutdown_timeout, after shutdown_delay in which only
  // /ready says so. `should_abort` is asked between steps.
  void Drain(const std::function<bool()>& should_abort);

 private:
  explicit Node(settings::Settings settings);

  // The steps of Start, in this order.
  Result<void> OpenBroker();
  Result<void> OpenDatabases();
  Result<void> MakeRealtime(const LiveSettings& live);
  Result<void> OpenQueries(const Options& options);
  Result<void> OpenJobs(const Options& options);
  void OpenOutbox();
  Result<void> OpenAccounts();
  Result<void> OpenChat();
  Result<void> OpenEvents();
  void OpenStatus();
  void SetOccupancyEvents();
  void MakeServers(const LiveSettings& live, const Options& options);
  void AddMetrics();
  Result<void> OpenPorts(const LiveSettings& live);

  std::vector<Reloadable> Reloadables();
  Result<Commit> PrepareLoops(const settings::Settings& settings);
  void Leave(const Waiting& waiting);
  void EndJobs(const Waiting& waiting, Duration grace);
  void EndOutbox(const Waiting& waiting);
  void EndEvents(const Waiting& waiting);
  std::size_t CountSessions();
  std::size_t CountChanges();

  settings::Settings settings_;
  bool serves_tls_ = !settings_.http_server.tls_cert_file.empty();
  const std::string node_id_;
  Shared shared_;
  std::unique_ptr<Loops> loops_;
  std::unique_ptr<Brokers> brokers_;
  std::unique_ptr<Databases> databases_;
  std::unique_ptr<Health> health_;
  std::unique_ptr<polls::PollLoops> polls_;
  std::unique_ptr<NodeRates> rates_;
  std::vector<std::unique_ptr<LoopRealtime>> realtime_;  // of each loop
  std::unique_ptr<Directories> directories_;
  std::unique_ptr<NodeAccess> access_;
  Occupancy occupancy_;
  std::unique_ptr<NodeQueries> queries_;              // null: no folder is given
  std::unique_ptr<NodeJobs> jobs_;                    // null: jobs.enabled is false
  std::unique_ptr<NodeOutbox> outbox_;                // null: outbox.enabled is false
  std::unique_ptr<NodeAccounts> accounts_;            // null: accounts.enabled is false
  std::unique_ptr<NodeChat> chat_;                    // null: chat.enabled is false
  std::unique_ptr<NodeEvents> events_;                // null: nobody is told
  std::unique_ptr<NodeStatus> status_;                // null: user_status.enabled is false
  std::vector<std::unique_ptr<LoopServer>> servers_;  // of each loop
  std::vector<net::ListenAddress> addresses_;
};

}  // namespace tidemill::server
