// CohortEvents: what event streams are sent of one live query: its whole result, and each change of it, each
// encoded once for all of them; and the streams that wait for what comes next.
//
// A stream asks for what is behind the version that it has, when it has room for more: one that is slow
// misses steps in between and gets the whole result, and nothing is queued for it here. One owner at a time:
// the cohort, on its loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/reply.h"
#include "queries/live/follow.h"
#include "queries/live/own_writes.h"
#include "queries/live/window.h"

namespace tidemill::queries::live {

// An event as the wire has it (WHATWG HTML, section 9.2.5).
using EventText = std::shared_ptr<const std::string>;

// What a stream has.
struct EventPosition {
  std::string cohort;         // CohortEvents::id
  std::uint64_t version = 0;  // of the last event
  std::int64_t stale_since = 0;
  bool has_result = false;  // false: nothing of this cohort

  // "Last-Event-ID"; nullopt: it is none of ours.
  static std::optional<EventPosition> Parse(std::string_view id);
};

struct NextEvents {
  std::vector<EventText> events;     // empty: nothing has come in time, or only that it is stale, or not
  std::uint64_t version = 0;         // of the last one
  std::int64_t stale_since = 0;      // ms since 1970, of what may have changed and is not known; 0: it is not
  std::optional<NotFollowed> ended;  // nothing more comes
};

class CohortEvents {
 public:
  // Of past changes, for streams that come back or are slow.
  static constexpr std::size_t kKeptMax = 100;
  static constexpr std::size_t kKeptBytesMax = 256 * 1024;
  // For so long a stream waits: then it is told that nothing has come, and asks again.
  static constexpr Duration kPatience = Seconds(5);

  CohortEvents();

  // No other cohort's, of this process or another.
  const std::string& id() const { return id_; }
  bool awaited() const { return !waiting_.empty(); }

  // `window` is as the changes before led to it.
  void Next(const EventPosition& has, const Window& window, MonotonicTime now,
            net::Reply<NextEvents>::Sender sender);
  // The window has changed by these, or has what of our endpoints' writes is told; null: neither. Add what it
  // gives once they are published: what is asked for meanwhile may have them already, which does no harm.
  EventText Encode(std::span<const Change> changes, const SeenWrites& told) const;
  void Add(EventText event, SeenWrites told);
  // As of NextEvents.
  void SetStaleSince(std::int64_t since);
  // Answers those who have waited for kPatience.
  void OnTick(MonotonicTime now);
  void End(const NotFollowed& why);

 private:
  struct Waiter {
    std::uint64_t version = 0;
    MonotonicTime until;
    net::Reply<NextEvents>::Sender sender;
  };
  NextEvents After(std::uint64_t version) const;
  void Answer();

  const std::string id_;
  std::uint64_t version_ = 0;
  bool listened_ = false;       // some stream has asked: changes are kept
  std::deque<EventText> kept_;  // the last ones, up to version_
  std::size_t kept_bytes_ = 0;
  std::weak_ptr<const std::string> whole_;  // the result at whole_version_, while somebody has it
  std::uint64_t whole_version_ = 0;
  SeenWrites told_;  // of the result
  std::int64_t stale_since_ = 0;
  std::vector<Waiter> waiting_;
};

}  // namespace tidemill::queries::live
