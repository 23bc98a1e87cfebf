// UnsentChanges: tables and tags that have changed here, and of which Redis has not been told yet. What
// depends on them must not come from there: its generations are those from before the change.
//
// Any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>

namespace tidemill::queries::redis_tier {

class UnsentChanges {
 public:
  // Each Add of a name is undone by one Remove.
  void Add(const std::string& name) {
    const std::lock_guard lock(mutex_);
    ++names_[name];
  }
  void Remove(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto found = names_.find(name);
    if (--found->second == 0) names_.erase(found);
  }
  bool HasAny(std::span<const std::string> names) const {
    const std::lock_guard lock(mutex_);
    if (names_.empty()) return false;
    return std::ranges::any_of(names, [this](const std::string& name) { return names_.contains(name); });
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> names_;  // how many loops have it unsent
};

}  // namespace tidemill::queries::redis_tier
