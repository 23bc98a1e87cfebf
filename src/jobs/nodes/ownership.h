// Ownership: whose the jobs of the store are now, for all loops of a node.
//
// Elsewhere and IsElsewhere on any thread; all else before the loops run, or on the engine's loop.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "jobs/engine/engine.h"

namespace tidemill::nodes {

class Ownership final : jobs::TenureListener {
 public:
  // The engine, which has not started, outlives it.
  explicit Ownership(jobs::Engine& engine);

  // Who has the jobs. nullopt: this node, or nobody that it knows of; it then answers by itself.
  std::optional<jobs::Owner> Elsewhere() const;
  // The same, and cheap.
  bool IsElsewhere() const { return is_elsewhere_.load(std::memory_order_relaxed); }

  // Before the loops run. Called after each change, on the engine's loop.
  void Watch(std::function<void()> watcher) { watchers_.push_back(std::move(watcher)); }

 private:
  void OnTenureChanged() override;

  jobs::Engine& engine_;
  std::vector<std::function<void()>> watchers_;
  std::atomic<bool> is_elsewhere_{false};
  mutable std::mutex mutex_;
  std::optional<jobs::Owner> elsewhere_;
};

}  // namespace tidemill::nodes
