// NodeAccess: where blocked users and revoked tokens are kept, on each loop, and the keeper that brings those
// of other nodes here.
//
// Made once the directories are there. Main thread.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "realtime/access/keeper.h"
#include "realtime/access/store.h"
#include "realtime/session/context.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

class Brokers;
class Directories;
struct Shared;

class NodeAccess {
 public:
  // All are borrowed, but for the settings.
  NodeAccess(const std::vector<session::Context*>& contexts, Brokers& brokers, Directories& directories,
             const settings::Settings& settings, Shared& shared);

  // Null: decisions are kept nowhere.
  access::Store* StoreOf(std::size_t loop) { return stores_.empty() ? nullptr : stores_[loop].get(); }
  // When the loops run.
  void Start();
  // Once the loops have stopped.
  void EndTasks() { keeper_.reset(); }

 private:
  net::Loop& first_;
  std::vector<std::unique_ptr<access::Store>> stores_;  // of each loop; empty: there are none
  std::unique_ptr<access::Keeper> keeper_;
};

}  // namespace tidemill::server
