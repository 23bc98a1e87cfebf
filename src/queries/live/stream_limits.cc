#include "queries/live/stream_limits.h"

namespace tidemill::queries::live {

std::unique_ptr<StreamLimits::Place> StreamLimits::Enter(const std::string& of, std::string_view& refused) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = each_.find(of);
    const bool full = all_ >= options_.all_max;
    if (full || (found == each_.end() ? 0 : found->second) >= options_.each_max) {
      refused = full ? "queries.live.streams_max" : "queries.live.streams_per_user_max";
      return nullptr;
    }
    ++all_;
    ++each_[of];
  }
  open_.Add(1);
  return std::make_unique<Place>(shared_from_this(), of);
}

void StreamLimits::Leave(const std::string& of) {
  {
    const std::lock_guard lock(mutex_);
    --all_;
    const auto found = each_.find(of);
    if (--found->second == 0) each_.erase(found);
  }
  open_.Add(-1);
}

}  // namespace tidemill::queries::live
