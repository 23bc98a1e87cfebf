#include "cluster/recent_commands.h"

namespace tidemill::cluster {

RecentCommands::Taken RecentCommands::Take(const Key& key, MonotonicTime now, Room room) {
  while (!by_age_.empty() && now - by_age_.front().first >= kKept) {
    results_.erase(by_age_.front().second);
    by_age_.pop_front();
  }
  if (results_.contains(key)) return Taken::kKnown;
  if (results_.size() >= Within(kCommandsMax, room)) return Taken::kFull;
  results_.emplace(key, std::nullopt);
  by_age_.emplace_back(now, key);
  return Taken::kNew;
}

void RecentCommands::SetResult(const Key& key, const Result<void>& result) {
  if (const auto at = results_.find(key); at != results_.end()) at->second = result;
}

std::optional<Result<void>> RecentCommands::ResultOf(const Key& key) const {
  const auto at = results_.find(key);
  return at == results_.end() ? std::nullopt : at->second;
}

}  // namespace tidemill::cluster
