// NodeStatus: when users were last active and online: where it is kept, and on each loop who notes it.
//
// Made before the loops run, on the main thread. The contexts and the brokers outlive it.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "net/loop.h"
#include "realtime/session/context.h"
#include "realtime/session/status_noter.h"
#include "realtime/status/memory_table.h"
#include "realtime/status/store.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

class Brokers;
struct Shared;

class NodeStatus {
 public:
  NodeStatus(const std::vector<session::Context*>& contexts, Brokers& brokers,
             const settings::Settings& settings, Shared& shared);

  status::Store& StoreOf(std::size_t loop) { return *stores_[loop]; }
  void Start();
  // Once the loops have stopped.
  void EndTasks() { noters_.clear(); }

 private:
  const std::vector<session::Context*> contexts_;
  session::StatusMetrics metrics_;
  std::unique_ptr<status::MemoryTable> table_;                 // null: it is kept in Redis
  std::vector<std::unique_ptr<status::Store>> stores_;         // of each loop
  std::vector<std::unique_ptr<session::StatusNoter>> noters_;  // of each loop
};

}  // namespace tidemill::server
