#include "realtime/access/access_list.h"

#include <algorithm>

namespace tidemill::access {
namespace {

// What has expired goes with the next entries, so many at a time: a change takes constant time.
constexpr int kForgottenAtOnce = 8;

std::int64_t SecondsOf(WallTime time) { return time.ms / 1000; }

}  // namespace

AccessList::AccessList(std::size_t entries_max, metrics::Registry& registry)
    : entries_max_(entries_max),
      refused_(registry.AddCounter("tidemill_access_refused_total",
                                   "Blocks and revocations refused because access.entries_max were there.")) {
  registry.AddCallback("tidemill_access_entries_max",
                       "The most that the tidemill_access_entries may be together.", {},
                       [this] { return static_cast<double>(entries_max_); });
  for (const Kind kind : {Kind::kUser, Kind::kToken, Kind::kUserTokens}) {
    counts_[static_cast<std::size_t>(kind)] =
        &registry.AddGauge("tidemill_access_entries",
                           "Users that are blocked and tokens that are revoked; lifted ones for an hour.",
                           {{"kind", std::string(NameOf(kind))}});
  }
}

Result<Put> AccessList::Add(const Entry& entry, WallTime now) {
  std::string key = KeyOf(entry);
  const std::lock_guard lock(mutex_);
  ForgetExpired(now);
  if (const auto found = entries_.find(key); found != entries_.end()) {
    const Entry& known = found->second;
    const bool is_later = entry.decided_at > known.decided_at ||
                          (entry.decided_at == known.decided_at && entry.lifted && !known.lifted);
    if (!is_later) return Put::kKnown;
    Erase(found);
  } else if (!HasRoomFor(key, entry)) {
    if (entry.lifted) return Put::kKnown;
    refused_.Add();
    return Fail(Errc::kLimitExceeded, "access.entries_max reached: unblock users or let entries expire");
  }
  Insert(std::move(key), entry);
  return Put::kChanged;
}

Result<void> AccessList::MayAdd(const Entry& entry, WallTime now) {
  const std::lock_guard lock(mutex_);
  ForgetExpired(now);
  if (entry.lifted || HasRoomFor(KeyOf(entry), entry)) return {};
  refused_.Add();
  return Fail(Errc::kLimitExceeded, "access.entries_max reached: unblock users or let entries expire");
}

std::int64_t AccessList::DecidedAt(const Entry& entry, WallTime now) const {
  const std::string key = KeyOf(entry);
  const std::lock_guard lock(mutex_);
  const auto known = entries_.find(key);
  return known == entries_.end() ? now.ms : std::max(now.ms, known->second.decided_at + 1);
}

bool AccessList::HasRoomFor(const std::string& key, const Entry& entry) {
  if (entries_.size() < entries_max_ || entries_.contains(key)) return true;
  if (entry.lifted || lifted_.empty()) return false;
  Erase(entries_.find(lifted_.begin()->second));
  return true;
}

bool AccessList::Holds(std::string_view key, WallTime now) const {
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.lifted) return false;
  return found->second.expire_at == 0 || found->second.expire_at > SecondsOf(now);
}

bool AccessList::IsBlocked(std::string_view user, WallTime now) const {
  if (size() == 0 || user.empty()) return false;
  const std::string key = KeyOf({.kind = Kind::kUser, .subject = std::string(user)});
  const std::lock_guard lock(mutex_);
  return Holds(key, now);
}

bool AccessList::IsRevoked(std::string_view user, const auth::TokenMark& token, std::string_view channel,
                           WallTime now) const {
  if (size() == 0) return false;
  const std::string by_id = token.id.empty() ? "" : KeyOf({.kind = Kind::kToken, .subject = token.id});
  const std::string by_user =
      KeyOf({.kind = Kind::kUserTokens, .subject = std::string(user), .channel = std::string(channel)});
  const std::lock_guard lock(mutex_);
  if (!by_id.empty() && Holds(by_id, now)) return true;
  return Holds(by_user, now) && Revokes(entries_.find(by_user)->second, user, token, channel);
}

std::vector<Entry> AccessList::After(std::string_view key, std::size_t count) const {
  std::vector<Entry> page;
  const std::lock_guard lock(mutex_);
  for (auto at = entries_.upper_bound(key); at != entries_.end() && page.size() < count; ++at) {
    page.push_back(at->second);
  }
  return page;
}

void AccessList::ForgetExpired(WallTime now) {
  for (ByEnd* const ends : {&expiring_, &lifted_}) {
    for (int i = 0; i < kForgottenAtOnce && !ends->empty(); ++i) {
      if (ends->begin()->first > SecondsOf(now)) break;
      Erase(entries_.find(ends->begin()->second));
    }
  }
}

AccessList::ByEnd* AccessList::EndsOf(const Entry& entry) {
  if (entry.lifted) return &lifted_;
  return entry.expire_at == 0 ? nullptr : &expiring_;
}

void AccessList::Insert(std::string key, const Entry& entry) {
  if (ByEnd* const ends = EndsOf(entry)) ends->emplace(EndOf(entry), key);
  Count(entry, 1);
  entries_.emplace(std::move(key), entry);
  size_.store(entries_.size(), std::memory_order_relaxed);
}

void AccessList::Erase(Entries::iterator at) {
  if (ByEnd* const ends = EndsOf(at->second)) ends->erase({EndOf(at->second), at->first});
  Count(at->second, -1);
  entries_.erase(at);
  size_.store(entries_.size(), std::memory_order_relaxed);
}

void AccessList::Count(const Entry& entry, std::int64_t change) {
  counts_[static_cast<std::size_t>(entry.kind)]->Add(change);
}

}  // namespace tidemill::access
