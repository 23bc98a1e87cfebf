// NodeJobs: a node's background jobs: their store, the engine, and the ports of its protocols.
//
// All of it lives on the first loop. Made before the loops run, on the main thread; what says so may be
// called from it later. The databases, the settings' certificate and the registry outlive it.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "jobs/engine/engine.h"
#include "jobs/faktory/metrics.h"
#include "jobs/faktory/server.h"
#include "jobs/job_api/engine_door.h"
#include "jobs/store/store.h"
#include "metrics/metrics.h"
#include "net/connection_limiter.h"
#include "net/loop.h"
#include "net/task_scope.h"
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

class NodeJobs {
 public:
  struct Options {
    std::string node_id;
    bool developer = false;                  // `serve --dev`: another port will do if the usual one is taken
    broker::Publisher* publisher = nullptr;  // of the first loop
  };
  static Result<std::unique_ptr<NodeJobs>> Open(net::Loop& loop, const Options& options,
                                                const Databases& databases,
                                                const settings::Settings& settings,
                                                metrics::Registry& registry);
  ~NodeJobs();
  NodeJobs(const NodeJobs&) = delete;
  NodeJobs& operator=(const NodeJobs&) = delete;

  // Null `tls`: in plain. Comes last of all that is opened.
  Result<void> OpenPort(const std::shared_ptr<net::TlsContext>& tls);
  // On the loop: a reload. Null `tls`: as before.
  void TakeOver(const jobs::JobsSettings& settings, const std::shared_ptr<net::TlsContext>& tls);
  // Where workers connect, real port numbers included.
  const std::vector<net::ListenAddress>& addresses() const { return addresses_; }

  jobs::Engine& engine() { return *engine_; }
  // For the HTTP API on any loop.
  jobs::EngineDoor& door() { return *door_; }
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
  NodeJobs(net::Loop& loop, const settings::Settings& settings, metrics::Registry& registry);
  Task<void> EndInOrder();

  net::Loop& loop_;
  const std::vector<std::string> listen_;
  bool developer_ = false;
  const MonotonicTime since_ = SystemClock().Now();
  std::unique_ptr<net::ConnectionLimiter> limiter_;
  faktory::ServerMetrics faktory_metrics_;
  std::unique_ptr<jobs::Store> store_;
  std::unique_ptr<jobs::Engine> engine_;
  std::unique_ptr<jobs::EngineDoor> door_;
  std::unique_ptr<JobFollowers> followers_;
  std::unique_ptr<faktory::Server> faktory_;
  std::optional<Port> port_;
  std::vector<net::ListenAddress> addresses_;
  std::atomic<bool> started_{false};
  std::atomic<bool> ended_{false};
  std::optional<TaskScope> scope_{std::in_place};
};

}  // namespace tidemill::server
