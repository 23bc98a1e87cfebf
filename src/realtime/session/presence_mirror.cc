#include "realtime/session/presence_mirror.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "realtime/session/context.h"

namespace tidemill::session {
namespace {

constexpr Duration kRetry = Seconds(1);
constexpr Duration kIntervalMin = Seconds(1);

// Channel names have no byte 0, so no two places give the same text.
std::string IdOf(const PresenceMirror::Place& place) {
  std::string id = place.channel;
  id.push_back('\0');
  return id + place.key;
}

}  // namespace

bool PresenceMirror::ByDue::operator()(const Entry* a, const Entry* b) const {
  return std::tie(a->due, a->place.channel, a->place.key) < std::tie(b->due, b->place.channel, b->place.key);
}

void PresenceMirror::Enter(const Place& place, std::optional<protocol::ClientInfo> info) {
  auto& slot = entries_[IdOf(place)];
  if (!slot) {
    slot = std::make_unique<Entry>(Entry{.place = place});
    slot->due = loop_.Now();
    by_due_.insert(slot.get());
  }
  Entry& entry = *slot;
  entry.info = std::move(info);
  ++entry.count;
  SetDue(entry, Duration{});
  RenewDue();
}

bool PresenceMirror::Leave(const Place& place) {
  const auto found = entries_.find(IdOf(place));
  if (found == entries_.end() || --found->second->count > 0) return false;
  by_due_.erase(found->second.get());
  entries_.erase(found);
  return true;
}

void PresenceMirror::SetDue(Entry& entry, Duration in) {
  by_due_.erase(&entry);
  entry.due = loop_.Now() + in;
  by_due_.insert(&entry);
}

Duration PresenceMirror::IntervalOf(const Place& place) const {
  Duration interval = settings_->client.presence_update_interval;
  // Where keys stay for ever, or after a reload without that map, there is no time to live.
  const auto map = settings_->rules->Find(place.channel);
  const Duration third{map ? map->options->map.key_ttl.ms / 3 : 0};
  if (third > Duration{}) interval = std::min(interval, third);
  return std::max(interval, kIntervalMin);
}

void PresenceMirror::RenewDue() {
  const MonotonicTime now = loop_.Now();
  while (!by_due_.empty() && renewals_ < kRenewalsMax) {
    Entry& first = **by_due_.begin();
    if (first.due > now) break;
    SetDue(first, IntervalOf(first.place));
    scope_.Spawn(Renew(IdOf(first.place)));
    if (loop_.ShareSpent()) break;
  }
  if (!by_due_.empty() && renewals_ < kRenewalsMax) {
    loop_.timers().Schedule(*this, (*by_due_.begin())->due);
  }
}

Task<void> PresenceMirror::Renew(std::string id) {
  const Entry& entry = *entries_.at(id);
  ++renewals_;
  const auto published = co_await maps_.Publish({.channel = entry.place.channel,
                                                 .key = entry.place.key,
                                                 .info = entry.info,
                                                 .condition = broker::KeyCondition::kIfNewElseRefresh,
                                                 .surface = broker::Surface::kService});
  --renewals_;
  if (!published) {
    metrics_.mirror_failed.Add();
    const auto found = entries_.find(id);
    if (found != entries_.end() && published.error().temporary) SetDue(*found->second, kRetry);
  }
  // There is room for one more again.
  if (!by_due_.empty() && !scheduled()) loop_.timers().Schedule(*this, (*by_due_.begin())->due);
}

}  // namespace tidemill::session
