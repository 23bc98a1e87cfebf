// Refusals: what Redis answers where it does not do what it is asked, by kind: counted, and said in the log
// with Redis' own text and what to do about it, at most once in 30 s for each kind.
//
// Answers that belong to the protocol (NOSCRIPT, MOVED, ASK, TRYAGAIN) are none.
//
// Any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/log_limit.h"
#include "metrics/metrics.h"

namespace tidemill::redis {

enum class RefusalKind : std::uint8_t {
  kNoAuth,          // NOAUTH, WRONGPASS
  kNoPermission,    // NOPERM: the ACL
  kOutOfMemory,     // OOM: maxmemory
  kNotSaved,        // MISCONF: it cannot save to disk
  kReadOnly,        // READONLY: a replica
  kPrimaryDown,     // MASTERDOWN: a replica without its primary
  kNoReplicas,      // NOREPLICAS: min-replicas-to-write
  kWrongType,       // WRONGTYPE: somebody else's key
  kLoading,         // LOADING: it reads its data
  kClusterDown,     // CLUSTERDOWN: slots are not served
  kBusy,            // BUSY: a script runs for long
  kTooManyClients,  // maxclients
  kUnknownCommand,  // an old Redis, or a command that was renamed
  kOther,
};
inline constexpr std::size_t kRefusalKinds = static_cast<std::size_t>(RefusalKind::kOther) + 1;

// Of an error reply's text, also where the error was within a script; nullopt: it is no refusal.
std::optional<RefusalKind> RefusalKindOf(std::string_view error);
// As Redis calls it: "NOPERM"; "ERR" where it has no name for it.
std::string_view NameOf(RefusalKind kind);
// What to do: a sentence without its end.
std::string_view AdviceFor(RefusalKind kind);

class Refusals {
 public:
  Refusals(metrics::Registry& registry, const Clock& clock);

  // `server`: which one. `command`: its name.
  void Note(std::string_view error, std::string_view server, std::string_view command);

  // The newest kind that was noted after `since`.
  std::optional<RefusalKind> NewestAfter(MonotonicTime since) const;

 private:
  struct OfKind {
    metrics::Counter* counter = nullptr;
    log::LogLimit limit{Seconds(30)};
  };

  const Clock& clock_;
  mutable std::mutex mutex_;  // of all below but the counters
  std::array<OfKind, kRefusalKinds> kinds_;
  std::optional<RefusalKind> newest_;
  MonotonicTime newest_at_{};
};

}  // namespace tidemill::redis
