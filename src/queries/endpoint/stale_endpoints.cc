#include "queries/endpoint/stale_endpoints.h"

#include <utility>

namespace tidemill::queries {

void StaleEndpoints::Note(std::shared_ptr<const Endpoint> endpoint) {
  const std::lock_guard lock(mutex_);
  noted_.insert(std::move(endpoint));
}

bool StaleEndpoints::empty() const {
  const std::lock_guard lock(mutex_);
  return noted_.empty();
}

std::vector<std::shared_ptr<const Endpoint>> StaleEndpoints::Take() {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<const Endpoint>> taken(noted_.begin(), noted_.end());
  noted_.clear();
  return taken;
}

}  // namespace tidemill::queries
