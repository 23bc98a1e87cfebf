#include "jobs/cron/testing/utc.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "base/assert.h"

namespace tidemill::cron::testing {

WallTime Utc(std::string_view text) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  TM_ASSERT(std::sscanf(std::string(text).c_str(), "%d-%u-%u %d:%d:%d", &year, &month, &day, &hour, &minute,
                        &second) == 6);
  const std::chrono::sys_days date(std::chrono::year(year) / std::chrono::month(month) /
                                   std::chrono::day(day));
  return {date.time_since_epoch().count() * 86'400'000LL + (hour * 3600 + minute * 60 + second) * 1000LL};
}

std::string Text(WallTime at) {
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(at.ms)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string out = fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (clock.subseconds().count() != 0) out += fmt::format(".{:03}", clock.subseconds().count());
  return out;
}

}  // namespace tidemill::cron::testing
