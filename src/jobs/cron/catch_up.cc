#include "jobs/cron/catch_up.h"

#include <fmt/format.h>

#include <algorithm>

#include "jobs/cron/next.h"

namespace tidemill::cron {
namespace {

// The firings after `from` and not after `now`, the first of them up to kFiringsMax.
void Collect(const Schedule& schedule, const Zone& zone, WallTime from, WallTime now, Due& due) {
  while (due.firings.size() < kFiringsMax) {
    const auto next = Next(schedule, zone, from);
    if (!next || *next > now) return;
    due.firings.push_back(*next);
    from = *next;
  }
}

// The last firing after `from` and not after `now`, by halving: it may be any number of firings away.
std::optional<WallTime> Latest(const Schedule& schedule, const Zone& zone, WallTime from, WallTime now) {
  auto found = Next(schedule, zone, from);
  if (!found || *found > now) return std::nullopt;
  std::int64_t low = found->ms;  // the latest is at `low` or later
  std::int64_t high = now.ms;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    const auto next = Next(schedule, zone, {middle});
    if (next && *next <= now) {
      found = next;
      low = next->ms;
    } else {
      high = middle;
    }
  }
  return found;
}

}  // namespace

Result<CatchUp> ParseCatchUp(std::string_view text) {
  if (text == "none") return CatchUp::kNone;
  if (text == "coalesce") return CatchUp::kCoalesce;
  if (text == "all") return CatchUp::kAll;
  return Fail(Errc::kInvalidArgument, fmt::format("\"{}\": accepted are none, coalesce, all", text));
}

Due FindDue(const Schedule& schedule, const Zone& zone, CatchUp catch_up, WallTime fired_until,
            WallTime now) {
  Due due{.firings = {}, .fired_until = fired_until, .next = {}};
  if (fired_until - now > kAheadMax) {
    due.clock_was_wrong = true;
    due.fired_until = now;
  }
  const WallTime on_time = now + Duration{-kOnTime.ms};
  switch (catch_up) {
    case CatchUp::kNone: Collect(schedule, zone, std::max(due.fired_until, on_time), now, due); break;
    case CatchUp::kCoalesce:
      if (const auto latest = Latest(schedule, zone, due.fired_until, now)) due.firings.push_back(*latest);
      break;
    case CatchUp::kAll: Collect(schedule, zone, due.fired_until, now, due); break;
  }
  if (!due.firings.empty()) due.fired_until = due.firings.back();
  due.next =
      Next(schedule, zone, catch_up == CatchUp::kNone ? std::max(due.fired_until, on_time) : due.fired_until);
  return due;
}

}  // namespace tidemill::cron
