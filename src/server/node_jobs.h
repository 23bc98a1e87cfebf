// NodeJobs: a node's background jobs: their store, the engine, and the ports of its protocols.
//
// All of it lives on the first loop. Made before the loops run, on the main thread; what says so may be
// called from it later. The databases, the settings' certificate and the registry outlive it.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "jobs/engine/engine.h"
#include "jobs/faktory/metrics.h"
#include "jobs/faktory/server.h"
#include "jobs/job_api/services.h"
#include "jobs/nodes/forwarder.h"
#include "jobs/nodes/gate.h"
#include "jobs/nodes/owner_port.h"
#include "jobs/nodes/settings.h"
#include "jobs/store/store.h"
#include "metrics/metrics.h"
#include "net/connection_limiter.h"
#include "net/loop.h"
#include "net/task_scope.h"
#include "server/doorbell.h"
#include "server/health.h"
#include "server/job_followers.h"
#include "server/port.h"

namespace tidemill::jobs {
struct JobsSettings;
}
namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

class Databases;
struct Shared;

class NodeJobs {
 public:
  struct Options {
    std::string node_id;
    bool developer = false;                  // `serve --dev`: another port will do if the usual one is taken
    broker::Publisher* publisher = nullptr;  // of the first loop
  };
  // On the first of the loops.
  static Result<std::unique_ptr<NodeJobs>> Open(const std::vector<net::Loop*>& loops, const Options& options,
                                                const Databases& databases,
                                                const settings::Settings& settings, Shared& shared);
  ~NodeJobs();
  NodeJobs(const NodeJobs&) = delete;
  NodeJobs& operator=(const NodeJobs&) = delete;

  // Null `tls`: in plain. Comes last of all that is opened.
  Result<void> OpenPorts(const std::shared_ptr<net::TlsContext>& tls);
  // A reload: what is to change, made on any thread, as there may be much of it; then, on the loop, the
  // change. Null `tls`: as before.
  struct Change {
    std::vector<webhooks::EndpointOptions> endpoints;
    std::vector<jobs::ScheduleSpec> schedules;
    std::map<std::string, jobs::QueueLimits, std::less<>> limits;
  };
  static Change ChangeOf(const jobs::JobsSettings& settings);
  void TakeOver(Change change, const std::shared_ptr<net::TlsContext>& tls);
  // Where workers connect, real port numbers included.
  const std::vector<net::ListenAddress>& addresses() const { return addresses_; }

  jobs::Engine& engine() { return *engine_; }
  // Of the HTTP API on that loop. While another node owns the jobs they go there.
  std::vector<api::Method> MethodsFor(std::size_t loop);
  JobFollowers& followers() { return *followers_; }

  // Any thread, once the tables are there: it begins on the loop.
  void Start();
  // Any thread. nullopt: jobs are served.
  std::optional<ServiceProblem> problem() const;

  // On the loop: no new connections, and nobody gets another job.
  void Drain();
  // On the loop: jobs that workers have.
  std::size_t running() const { return engine_->counts().working; }
  // On the loop: flushes and ends the engine, then the connections. `ended` says when all of it is done.
  void End();
  bool ended() const { return ended_; }
  // Once the loop has stopped.
  void EndTasks();

 private:
  NodeJobs(net::Loop& loop, const settings::Settings& settings, Shared& shared);
  void OpenWaysToOwner(const std::vector<net::Loop*>& loops, const settings::Settings& settings,
                       Shared& shared);
  Result<void> OpenNodesPort();
  Task<void> EndInOrder();

  net::Loop& loop_;
  const std::vector<std::string> listen_;
  const nodes::NodesSettings nodes_;
  bool developer_ = false;
  const MonotonicTime since_ = SystemClock().Now();
  std::unique_ptr<net::ConnectionLimiter> limiter_;
  std::unique_ptr<net::ConnectionLimiter> nodes_limiter_;  // of nodes_port_; null: there is none
  faktory::ServerMetrics faktory_metrics_;
  std::unique_ptr<jobs::Store> store_;
  std::unique_ptr<jobs::Engine> engine_;
  std::unique_ptr<jobs::EngineDoor> door_;
  std::unique_ptr<JobFollowers> followers_;
  std::unique_ptr<Doorbell> doorbell_;  // null: the jobs are not in PostgreSQL
  std::unique_ptr<faktory::Server> faktory_;
  nodes::NodesMetrics nodes_metrics_;
  std::unique_ptr<nodes::Ownership> ownership_;
  std::optional<jobs::ApiServices> services_;
  std::vector<std::unique_ptr<nodes::Forwarder>> forwarders_;  // of each loop
  std::unique_ptr<nodes::Gate> gate_;
  std::unique_ptr<nodes::OwnerPort> owner_port_;  // null: other nodes do not reach this one
  std::optional<Port> port_;
  std::optional<Port> nodes_port_;
  std::vector<net::ListenAddress> addresses_;
  std::atomic<bool> started_{false};
  std::atomic<bool> ended_{false};
  std::optional<TaskScope> scope_{std::in_place};
};

}  // namespace tidemill::server
