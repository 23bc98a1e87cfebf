// What the connections of one server share. Private to jobs/faktory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/intrusive_list.h"
#include "base/log_limit.h"
#include "jobs/faktory/buffer_budget.h"
#include "jobs/faktory/server.h"
#include "jobs/faktory/session.h"
#include "jobs/faktory/worker_watch.h"
#include "net/task_scope.h"
#include "net/worker.h"

namespace tidemill::faktory {

class Connection;

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
