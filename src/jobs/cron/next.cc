#include "jobs/cron/next.h"

#include <algorithm>

namespace tidemill::cron {
namespace {

constexpr WallTime kEarliest{-62'135'596'800'000};  // 0001-01-01
constexpr WallTime kLatest{253'402'300'799'000};    // 9999-12-31 23:59:59
constexpr std::int64_t kDaySeconds = 86'400;

std::int64_t FloorSeconds(WallTime at) { return at.ms / 1000 - (at.ms % 1000 < 0 ? 1 : 0); }

// Whenever the clock shows what the calendar admits: from one move of the clock to the next.
std::optional<UnixTime> NextShown(const Calendar& calendar, const Zone& zone, UnixTime from) {
  for (;;) {
    const LocalTime local = zone.LocalAt(from);
    const auto match = FirstMatch(calendar, local);
    if (!match) return std::nullopt;
    const std::int64_t distance = match->seconds - local.seconds;
    const auto move = zone.NextMove(from);
    // No clock is moved by two days: behind them, and until two before the match, it cannot come back to what
    // it showed before `from`, nor reach the match.
    if (distance > 4 * kDaySeconds && (!move || move->seconds > from.seconds + 2 * kDaySeconds)) {
      from.seconds += distance - 2 * kDaySeconds;
      continue;
    }
    if (!move || from.seconds + distance < move->seconds) return UnixTime{from.seconds + distance};
    from = *move;
  }
}

// Once for each time that the calendar admits. The first instants of later times are never earlier.
std::optional<UnixTime> NextNamed(const Calendar& calendar, const Zone& zone, UnixTime from) {
  // Times that are skipped fire at the second behind them, which `from` may be.
  LocalTime local = zone.LocalAt({from.seconds - 1});
  for (;;) {
    const auto match = FirstMatch(calendar, local);
    if (!match) return std::nullopt;
    const Zone::Instants instants = zone.Find(*match);
    if (instants.first >= from) return instants.first;
    const bool twice = instants.kind == Zone::Instants::Kind::kTwice;
    const std::int64_t overlap = twice ? instants.overlap_end.seconds - match->seconds : 0;
    // Where `from` is behind all that is shown for the first time, the second showing is passed over.
    const bool behind = twice && from.seconds >= instants.first.seconds + overlap;
    local = {match->seconds + (behind ? overlap : 1)};
  }
}

}  // namespace

std::optional<WallTime> Next(const Schedule& schedule, const Zone& zone, WallTime after) {
  after = std::max(after, kEarliest);
  if (after >= kLatest) return std::nullopt;
  std::optional<UnixTime> next;
  if (const Every* const every = std::get_if<Every>(&schedule)) {
    const std::int64_t period = every->period.ms / 1000;
    const std::int64_t at = FloorSeconds(after);
    const std::int64_t past = (at % period + period) % period;
    next = UnixTime{at - past + period};
  } else {
    const auto& calendar = std::get<Calendar>(schedule);
    const UnixTime from{FloorSeconds(after) + 1};
    next = calendar.every_hour() ? NextShown(calendar, zone, from) : NextNamed(calendar, zone, from);
  }
  if (!next || next->seconds > kLatest.ms / 1000) return std::nullopt;
  return WallTime{next->seconds * 1000};
}

}  // namespace tidemill::cron
