#include "jobs/nodes/ownership.h"

namespace tidemill::nodes {

Ownership::Ownership(jobs::Engine& engine) : engine_(engine) { engine.AddTenureListener(*this); }

std::optional<jobs::Owner> Ownership::Elsewhere() const {
  if (!IsElsewhere()) return std::nullopt;
  const std::scoped_lock lock(mutex_);
  return elsewhere_;
}

void Ownership::OnTenureChanged() {
  const std::optional<jobs::Owner> owner = engine_.owner();
  {
    const std::scoped_lock lock(mutex_);
    if (owner == elsewhere_) return;
    elsewhere_ = owner;
    is_elsewhere_ = owner.has_value();
  }
  for (const auto& watcher : watchers_) watcher();
}

}  // namespace tidemill::nodes
