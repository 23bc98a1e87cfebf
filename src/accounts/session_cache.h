// SessionCache: whom browsers' sessions stand for, as a loop knows it: found in the database, kept for a
// second.
//
// So a request costs no query each time, and what ends a session on another node ends it here within a
// second. What ends one on this node says so (Forget). Bounded; what is forgotten is asked for again. One per
// loop, loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "accounts/metrics.h"
#include "accounts/store.h"
#include "base/clock.h"
#include "base/sip_hash.h"
#include "net/task_scope.h"

namespace tidemill::accounts {

class SessionCache {
 public:
  static constexpr Duration kKeptFor = Seconds(1);
  static constexpr std::size_t kSessionsMax = 10'000;

  struct Surroundings {
    Store& store;
    Metrics& metrics;
    const Clock& clock;
  };
  SessionCache(const Surroundings& around, Duration idle);
  ~SessionCache();

  // Null: there is no such session, or not any more. kUnavailable and others: it is not known now.
  Task<Result<std::shared_ptr<const LiveSession>>> Find(std::string token);
  // What is known of the user's sessions, also what is being asked for.
  void Forget(std::string_view user);

 private:
  struct Entry {
    std::shared_ptr<const LiveSession> live;
    MonotonicTime found_at;
  };
  struct Hash {
    SipKey key;
    std::size_t operator()(const std::string& text) const { return SipHash(key, text); }
  };
  using Table = std::unordered_map<std::string, Entry, Hash>;

  void Keep(const std::string& token_hash, std::shared_ptr<const LiveSession> live);
  void Clear(Table& table);
  void NoteUse(const LiveSession& live);
  Task<void> Touch(std::string session);

  const Surroundings around_;
  const Duration idle_;
  const Duration touch_every_;
  // Two halves: when the newer one is full, it becomes the older one, and that one goes.
  Table newer_;
  Table older_;
  std::uint64_t forgotten_ = 0;  // how often
  TaskScope scope_;
};

}  // namespace tidemill::accounts
