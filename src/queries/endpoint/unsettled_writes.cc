#include "queries/endpoint/unsettled_writes.h"

#include <algorithm>
#include <utility>

namespace tidemill::queries {

void UnsettledWrites::Note(std::span<const std::string> names, MonotonicTime until) {
  for (const std::string& name : names) {
    MonotonicTime& known = until_[name];
    known = std::max(known, until);
  }
  pause_ = kPauseMin;
  const MonotonicTime at = loop_.clock().Now() + pause_;
  if (!until_.empty() && (!scheduled() || deadline() > at)) loop_.timers().Schedule(*this, at);
}

void UnsettledWrites::OnTimer() {
  const MonotonicTime now = loop_.clock().Now();
  std::vector<std::string> names;
  for (const auto& [name, until] : until_) names.push_back(name);
  std::erase_if(until_, [now](const auto& each) { return each.second <= now; });
  pause_ = std::min(Milliseconds(2 * pause_.ms), kPauseMax);
  if (!until_.empty()) loop_.timers().Schedule(*this, now + pause_);
  tell_(std::move(names));
}

}  // namespace tidemill::queries
