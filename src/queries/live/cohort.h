// Cohort: one live query while somebody follows it: what it reads, what its channel has, when it is asked.
//
// One owner at a time: LiveQueries.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "net/reply.h"
#include "queries/live/changes.h"
#include "queries/live/cohort_events.h"
#include "queries/live/follow.h"
#include "queries/live/pacing.h"
#include "queries/live/turns.h"
#include "queries/live/window.h"

namespace tidemill::queries::live {

// What the queries of one file read. Immutable, and shared by its cohorts.
struct Footprint {
  Coverage coverage;
  std::vector<std::string> tables;  // any change of which matters, as Generations::NameOf has them
  std::vector<std::string> keyed;   // where only those of a cohort's value do: likewise
  std::string column;               // that has the value
};
using FootprintPtr = std::shared_ptr<const Footprint>;
using TransactionsPtr = std::shared_ptr<const std::vector<std::string>>;
using Ready = std::expected<void, NotFollowed>;

struct Cohort : Turns::Waiter, std::enable_shared_from_this<Cohort> {
  Cohort(FollowCall of, Duration min_interval)
      : Waiter(of.starter), call(std::move(of)), pacing(min_interval) {}

  const FollowCall call;
  Pacing pacing;
  Window window;
  CohortEvents events;                        // of the window
  FootprintPtr footprint;                     // null: it depends on nothing now
  std::optional<std::string> key_value;       // of the footprint's column; nullopt: any change matters
  std::vector<TransactionsPtr> transactions;  // that the next refresh must see, those that came last behind
  std::vector<net::Reply<Ready>::Sender> waiting;
  MonotonicTime last_wanted;
  WallTime fresh_at{};                        // the window was all that there was then
  std::optional<MonotonicTime> took_over_at;  // from one of another scope
  std::int64_t good_until = call.good_until;  // of all who follow it, seconds since 1970; 0: no end
  bool own_write = false;                     // SQLite: the next refresh is for one of our endpoints'
  bool marked = false;                        // something has changed that its pacing is to be told of
  bool ready = false;                         // the channel has a result
  bool ended = false;
  bool polled = false;
  bool stale = false;
};
using CohortPtr = std::shared_ptr<Cohort>;

}  // namespace tidemill::queries::live
