#include "chat/delivery/presence_board.h"

#include <algorithm>
#include <utility>

#include "chat/delivery/channels.h"
#include "chat/delivery/event.h"
#include "chat/store/json.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kAnnouncedMax = 10'000;

std::string_view NameOf(Shown shown) { return shown ? Name(*shown) : std::string_view("offline"); }

}  // namespace

PresenceBoard::PresenceBoard(net::Loop& loop, Courier& courier, Replicas replicas)
    : loop_(loop), courier_(courier), replicas_(std::move(replicas)) {}

Shown PresenceBoard::ShownOf(const Entry& entry) {
  return entry.is_present ? Shown(entry.chosen) : std::nullopt;
}

// Null: there is no room for another.
PresenceBoard::Entry* PresenceBoard::EntryOf(const std::string& user) {
  if (const auto found = users_.find(user); found != users_.end()) return &found->second;
  if (users_.size() >= kUsersMax) return nullptr;
  return &users_[user];
}

void PresenceBoard::OnOccupied(const std::string& user) {
  Entry* const entry = EntryOf(user);
  if (entry == nullptr) return;
  if (!std::exchange(entry->is_connected, true)) ++connected_;
  entry->is_present = entry->was_there = true;
  Note(user, *entry);
}

void PresenceBoard::OnVacated(const std::string& user) {
  const auto found = users_.find(user);
  if (found == users_.end() || !found->second.is_connected) return;
  found->second.is_connected = false;
  found->second.left_at = loop_.Now();
  --connected_;
  leaving_.emplace_back(loop_.Now() + kGrace, user);
  Schedule();
}

// It is said before they come.
void PresenceBoard::Choose(const std::string& user, Presence chosen) {
  Entry* const entry = EntryOf(user);
  if (entry == nullptr) return;
  entry->chosen = chosen;
  if (entry->is_present) return Note(user, *entry);
  if (entry->was_there) return;
  entry->left_at = loop_.Now();
  lingering_.emplace_back(loop_.Now() + kGrace + kLinger, user);
  Schedule();
}

void PresenceBoard::Announce(User user) {
  if (announced_.size() >= kAnnouncedMax && !announced_.contains(user.id)) return;
  std::string id = user.id;
  announced_.insert_or_assign(std::move(id), std::move(user));
  Schedule();
}

void PresenceBoard::Note(const std::string& user, Entry& entry) {
  const Shown shown = ShownOf(entry);
  replicas_.set(user, shown);
  if (entry.is_waiting) {
    courier_.metrics().presence_coalesced.Add();
  } else if (shown != entry.told) {
    entry.is_waiting = true;
    changes_.push_back(user);
  }
  Schedule();
}

void PresenceBoard::Schedule() {
  std::optional<MonotonicTime> due;
  const auto note = [&due](MonotonicTime at) { due = due ? std::min(*due, at) : at; };
  if (!leaving_.empty()) note(leaving_.front().first);
  if (!lingering_.empty()) note(lingering_.front().first);
  if (!changes_.empty() || !announced_.empty()) note(std::max(told_at_ + kInterval, loop_.Now()));
  if (due && (!scheduled() || *due < deadline())) loop_.timers().Schedule(*this, *due);
}

void PresenceBoard::OnTimer() {
  const MonotonicTime now = loop_.Now();
  EndGraces(now);
  EndLingers(now);
  if (now >= told_at_ + kInterval) {
    const bool told_changes = TellChanges();
    if (TellUsers() || told_changes) told_at_ = now;
  }
  Schedule();
}

void PresenceBoard::EndGraces(MonotonicTime now) {
  while (!leaving_.empty() && leaving_.front().first <= now && !loop_.ShareSpent()) {
    std::string user = std::move(leaving_.front().second);
    leaving_.pop_front();
    Entry& entry = users_[user];
    if (entry.is_connected || !entry.is_present || entry.left_at + kGrace > now) continue;
    entry.is_present = false;
    Note(user, entry);
    lingering_.emplace_back(now + kLinger, std::move(user));
  }
}

void PresenceBoard::EndLingers(MonotonicTime now) {
  while (!lingering_.empty() && lingering_.front().first <= now && !loop_.ShareSpent()) {
    std::string user = std::move(lingering_.front().second);
    lingering_.pop_front();
    const auto found = users_.find(user);
    if (found == users_.end()) continue;
    const Entry& entry = found->second;
    if (entry.is_present || entry.left_at + kLinger > now) continue;
    if (entry.is_waiting) {
      lingering_.emplace_back(now + kInterval, std::move(user));
      continue;
    }
    if (entry.was_there) {
      courier_.PublishTo(user,
                         EventJson({.type = "resync", .room_id = {}, .at = loop_.clock().WallNow()}, "{}"));
      replicas_.forget(user);
    }
    users_.erase(found);
  }
}

bool PresenceBoard::TellChanges() {
  std::size_t count = 0;
  const std::string data = ObjectJson([&](JsonWriter& json) {
    json.Key("changes");
    json.BeginArray();
    while (!changes_.empty() && count < kChangesPerEvent) {
      const std::string user = std::move(changes_.front());
      changes_.pop_front();
      Entry& entry = users_[user];
      entry.is_waiting = false;
      const Shown shown = ShownOf(entry);
      if (shown == entry.told) continue;
      entry.told = shown;
      ++count;
      json.BeginObject();
      json.Member("user_id", user);
      json.Member("state", NameOf(shown));
      json.EndObject();
    }
    json.EndArray();
  });
  if (count == 0) return false;
  courier_.Publish(
      std::string(kAllChannel),
      EventJson({.type = "presence.changed", .room_id = {}, .at = loop_.clock().WallNow()}, data));
  return true;
}

bool PresenceBoard::TellUsers() {
  if (announced_.empty()) return false;
  const std::string data = ObjectJson([&](JsonWriter& json) {
    json.Key("users");
    json.BeginArray();
    for (std::size_t count = 0; count < kUsersPerEvent && !announced_.empty(); ++count) {
      Write(json, announced_.begin()->second);
      announced_.erase(announced_.begin());
    }
    json.EndArray();
  });
  courier_.Publish(std::string(kAllChannel),
                   EventJson({.type = "user.updated", .room_id = {}, .at = loop_.clock().WallNow()}, data));
  return true;
}

}  // namespace tidemill::chat
