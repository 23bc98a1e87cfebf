#include "realtime/session/app_names.h"

#include "base/assert.h"

namespace tidemill::session {

std::uint8_t AppNames::Take(std::string_view name, std::string_view version) {
  if (name.empty() && version.empty()) return 0;
  App app{std::string(name.substr(0, kBytesMax)), std::string(version.substr(0, kBytesMax))};
  auto found = numbers_.find(app);
  if (found == numbers_.end()) {
    if (numbers_.size() >= kPairsMax) return 0;
    if (free_.empty()) {
      apps_.emplace_back();
      free_.push_back(static_cast<std::uint8_t>(apps_.size()));
    }
    found = numbers_.emplace(std::move(app), free_.back()).first;
    free_.pop_back();
    apps_[found->second - 1u] = {.app = &found->first};
  }
  ++apps_[found->second - 1u].clients;
  return found->second;
}

void AppNames::GiveBack(std::uint8_t number) {
  if (number == 0) return;
  Slot& slot = apps_[number - 1u];
  TM_ASSERT(slot.clients > 0);
  if (--slot.clients > 0) return;
  numbers_.erase(*slot.app);
  slot.app = nullptr;
  free_.push_back(number);
}

}  // namespace tidemill::session
