// ByNamespace: who serves which namespace, of those that registered.
//
// Filled by the wiring before the loop runs. What is registered is borrowed.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/assert.h"

namespace tidemill::session {

template <class T>
class ByNamespace {
 public:
  // One for each namespace; "" is the namespace of names without one.
  void Add(std::string name_space, T& servant) {
    TM_ASSERT(servants_.emplace(std::move(name_space), &servant).second);
  }
  // Null if nobody registered.
  T* Find(std::string_view name_space) const {
    const auto found = servants_.find(name_space);
    return found == servants_.end() ? nullptr : found->second;
  }

 private:
  std::map<std::string, T*, std::less<>> servants_;
};

}  // namespace tidemill::session
