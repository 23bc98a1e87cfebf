#include "queries/endpoint/unsettled_writes.h"

#include <algorithm>
#include <utility>

namespace tidemill::queries {

UnsettledWrites::~UnsettledWrites() {
  loop_.timers().Cancel(*this);
  for (const auto& [name, until] : until_) held_.Release(name);
}

void UnsettledWrites::Note(std::span<const std::string> names, MonotonicTime until) {
  for (const std::string& name : names) {
    const auto [known, is_new] = until_.try_emplace(name, until);
    if (is_new) held_.Hold(name);
    known->second = std::max(known->second, until);
  }
  pause_ = kPauseMin;
  const MonotonicTime at = loop_.clock().Now() + pause_;
  if (!until_.empty() && (!scheduled() || deadline() > at)) loop_.timers().Schedule(*this, at);
}

void UnsettledWrites::OnTimer() {
  const MonotonicTime now = loop_.clock().Now();
  std::vector<std::string> names;
  for (const auto& [name, until] : until_) names.push_back(name);
  std::erase_if(until_, [this, now](const auto& each) {
    if (each.second > now) return false;
    held_.Release(each.first);
    return true;
  });
  pause_ = std::min(Milliseconds(2 * pause_.ms), kPauseMax);
  if (!until_.empty()) loop_.timers().Schedule(*this, now + pause_);
  tell_(std::move(names));
}

}  // namespace tidemill::queries
