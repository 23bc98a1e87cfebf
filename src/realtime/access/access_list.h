// AccessList: who may not come in, as this node knows it: blocked users and tokens that are revoked.
//
// One per node. It knows no sessions and no other nodes: the directory puts decisions in and ends the
// sessions that they concern (session/node_directory.cc), connecting clients are looked up in it. What has
// expired is forgotten.
//
// Any thread; one mutex, which is not taken while the list is empty.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "metrics/metrics.h"
#include "realtime/access/entry.h"

namespace tidemill::access {

enum class Put : std::uint8_t {
  kChanged,
  kKnown,  // this decision or a later one is in the list already
};

class AccessList {
 public:
  AccessList(std::size_t entries_max, metrics::Registry& registry);
  AccessList(const AccessList&) = delete;
  AccessList& operator=(const AccessList&) = delete;

  // kLimitExceeded: `entries_max` are there. Lifting one is never refused.
  Result<Put> Add(const Entry& entry, WallTime now);
  // Whether Add would take it.
  Result<void> MayAdd(const Entry& entry, WallTime now);

  // When a decision of now about the same thing is taken: after the one that is known, whosever clock was
  // ahead.
  std::int64_t DecidedAt(const Entry& entry, WallTime now) const;

  bool IsBlocked(std::string_view user, WallTime now) const;
  // `channel`: of a token of a subscription; "": of a connection.
  bool IsRevoked(std::string_view user, const auth::TokenMark& token, std::string_view channel,
                 WallTime now) const;

  // Whether all decisions that are kept have been read: until then nobody may come in. True from the start
  // for a list that is kept nowhere.
  bool ready() const { return ready_.load(std::memory_order_acquire); }
  void SetReady(bool ready) { ready_.store(ready, std::memory_order_release); }

  // Up to `count` entries whose keys come after it, in the order of their keys; "": from the first on.
  std::vector<Entry> After(std::string_view key, std::size_t count) const;
  std::size_t size() const { return size_.load(std::memory_order_relaxed); }

 private:
  using Entries = std::map<std::string, Entry, std::less<>>;
  using ByEnd = std::set<std::pair<std::int64_t, std::string>>;  // seconds since the Unix epoch, key

  bool Holds(std::string_view key, WallTime now) const;
  void ForgetExpired(WallTime now);
  // May forget a lifted decision to make some.
  bool HasRoomFor(const std::string& key, const Entry& entry);
  void Insert(std::string key, const Entry& entry);
  void Erase(Entries::iterator at);
  ByEnd* EndsOf(const Entry& entry);
  void Count(const Entry& entry, std::int64_t change);

  const std::size_t entries_max_;
  mutable std::mutex mutex_;
  Entries entries_;
  ByEnd expiring_;  // of what holds, without that which never expires
  ByEnd lifted_;
  std::atomic<std::size_t> size_{0};
  std::atomic<bool> ready_{true};
  metrics::Counter& refused_;
  std::array<metrics::Gauge*, 3> counts_{};  // by Kind
};

}  // namespace tidemill::access
