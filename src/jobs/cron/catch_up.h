// What a cron entry does at a given moment: which of its firings are due, and which of those it missed it
// makes up for.
//
// Whoever keeps the entry stores `fired_until` with the jobs it makes of the firings, in one transaction;
// then nothing fires twice, whichever node asks and wherever the clock was set back to. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/cron/schedule.h"
#include "jobs/cron/zone.h"

namespace tidemill::cron {

enum class CatchUp : std::uint8_t {
  kNone,      // what was missed by more than kOnTime is left out
  kCoalesce,  // once, for the latest
  kAll,       // each of them
};
// "none", "coalesce", "all"; kInvalidArgument names them.
Result<CatchUp> ParseCatchUp(std::string_view text);

inline constexpr Duration kOnTime = Minutes(1);
inline constexpr std::size_t kFiringsMax = 1000;  // of one Due
// Only a clock that was wrong has fired more than this ahead of now; the entry then goes on from now.
inline constexpr Duration kAheadMax = Hours(24);

struct Due {
  std::vector<WallTime> firings;  // to be made into jobs, the oldest first; kFiringsMax at most
  WallTime fired_until;           // to be stored: nothing up to it is due again
  std::optional<WallTime> next;   // when to ask again: at once if it is past; nullopt: never
  bool clock_was_wrong = false;   // fired_until went back by more than kAheadMax
};
// What is due after `fired_until`, which is the time of the entry's making at first, and not after `now`.
Due FindDue(const Schedule& schedule, const Zone& zone, CatchUp catch_up, WallTime fired_until, WallTime now);

}  // namespace tidemill::cron
