#include "outbox/held_lanes.h"

#include <algorithm>
#include <utility>

namespace tidemill::outbox {

bool HeldLanes::Hold(const std::string& lane, const Entry& entry, std::uint64_t sent_by_sink, std::string why,
                     MonotonicTime now) {
  HeldLane& held = lanes_[lane];
  if (held.entry != entry.id) held = {.entry = entry.id, .sent_before = sent_by_sink};
  if (sent_by_sink > held.sent_before) ++held.attempts;
  if (held.attempts > attempts_max_) {
    lanes_.erase(lane);
    return false;
  }
  held.sent_before = sent_by_sink;
  held.pause = held.pause.ms == 0 ? kPauseFirst : std::min(Milliseconds(held.pause.ms * 2), pause_max_);
  held.retry_at = now + held.pause;
  held.why = std::move(why);
  return true;
}

void HeldLanes::LetGo(std::string_view lane) {
  const auto found = lanes_.find(lane);
  if (found != lanes_.end()) lanes_.erase(found);
}

void HeldLanes::LetGoOfDue(MonotonicTime now) {
  std::erase_if(lanes_, [now](const auto& lane) { return lane.second.retry_at <= now; });
}

std::vector<std::string> HeldLanes::Names(MonotonicTime now) const {
  std::vector<std::string> names;
  for (const auto& [name, held] : lanes_) {
    if (held.retry_at > now) names.push_back(name);
  }
  return names;
}

std::optional<MonotonicTime> HeldLanes::NextAt() const {
  std::optional<MonotonicTime> next;
  for (const auto& [name, held] : lanes_) next = next ? std::min(*next, held.retry_at) : held.retry_at;
  return next;
}

void HeldLanes::HurryUp() {
  for (auto& [name, held] : lanes_) held.retry_at = {};
}

}  // namespace tidemill::outbox
