// Schedule: when something runs again and again, as people write it: cron expressions of five and six fields,
// @daily and its like, and @every 90s.
//
// A value. README.md has the grammar and what was decided where cron programs differ. Any thread.
#pragma once

#include <cstddef>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/cron/calendar.h"

namespace tidemill::cron {

inline constexpr std::size_t kTextBytesMax = 256;
inline constexpr Duration kEveryMin = Seconds(1);
inline constexpr Duration kEveryMax = Hours(24 * 366);

// Runs at the multiples of `period` since 1970-01-01 00:00:00 UTC, so that every node, after every start,
// comes to the same times. Whole seconds.
struct Every {
  Duration period = kEveryMin;
  friend bool operator==(const Every&, const Every&) = default;
};

using Schedule = std::variant<Calendar, Every>;

// kInvalidArgument names the field and says what is accepted; a date that never comes is refused as well.
Result<Schedule> ParseSchedule(std::string_view text);

}  // namespace tidemill::cron
