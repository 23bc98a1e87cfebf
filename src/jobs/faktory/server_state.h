// What the connections of one server share. Private to jobs/faktory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/intrusive_list.h"
#include "base/log_limit.h"
#include "jobs/faktory/server.h"
#include "jobs/faktory/session.h"
#include "jobs/faktory/worker_watch.h"
#include "net/task_scope.h"
#include "net/worker.h"

namespace tidemill::faktory {

class Connection;

// What buffers take together. A stranger's share ends sooner.
class BufferBudget {
 public:
  BufferBudget(std::size_t bytes_max, metrics::Gauge& gauge) : bytes_max_(bytes_max), gauge_(gauge) {}

  // From `before` to `after` bytes of one connection; less is always granted.
  [[nodiscard]] bool Resize(std::size_t before, std::size_t after, bool stranger) {
    std::size_t& of_strangers = strangers_bytes_;
    if (after > before) {
      if (used_bytes_ + after - before > bytes_max_) return false;
      if (stranger && of_strangers + after - before > bytes_max_ / 4) return false;
    }
    used_bytes_ += after - before;
    if (stranger) of_strangers += after - before;
    gauge_.Add(static_cast<std::int64_t>(after) - static_cast<std::int64_t>(before));
    return true;
  }

 private:
  const std::size_t bytes_max_;
  std::size_t used_bytes_ = 0;
  std::size_t strangers_bytes_ = 0;  // of them
  metrics::Gauge& gauge_;
};

struct ServerState {
  ServerState(jobs::Engine& engine, ServerOptions o, ServerMetrics& m, std::unique_ptr<net::Worker> worker);
  ~ServerState();

  net::Loop& loop() { return services.engine.loop(); }
  std::string Info();
  void Remember(Connection& connection);
  void Forget(Connection& connection);

  const ServerOptions options;
  ServerMetrics& metrics;
  BufferBudget buffers{options.buffers_bytes_max, metrics.buffers_bytes};
  log::LogLimit refusals_logged;
  MonotonicTime started;
  MonotonicTime memory_read;  // a file of /proc: once a second
  std::uint64_t memory_bytes = 0;
  IntrusiveList<Connection> connections;
  std::size_t connection_count = 0;
  // Hashes passwords, one after the other: strangers decide how many. Null: there is no password.
  std::unique_ptr<net::Worker> hasher;
  WorkerWatch watch;
  TaskScope scope;
  SessionServices services;  // last: it refers to the above
};

}  // namespace tidemill::faktory
