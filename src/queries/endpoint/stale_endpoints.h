// StaleEndpoints: those of whose statements the database has just said that they are not valid. Its tables
// may have changed since they were described, or a request's values are to blame: describing them anew tells.
//
// Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "queries/catalog/endpoint.h"

namespace tidemill::queries {

class StaleEndpoints {
 public:
  void Note(std::shared_ptr<const Endpoint> endpoint);
  bool empty() const;
  // Each once; there are none afterwards.
  std::vector<std::shared_ptr<const Endpoint>> Take();

 private:
  mutable std::mutex mutex_;
  std::set<std::shared_ptr<const Endpoint>> noted_;
};

}  // namespace tidemill::queries
