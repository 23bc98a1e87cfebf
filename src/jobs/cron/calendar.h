// Calendar: which seconds of the calendar a cron expression admits, and the first of them from a given one
// on.
//
// It knows no time zones: a LocalTime is what the clock on the wall shows. Values; any thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>

namespace tidemill::cron {

// What a clock on the wall shows, as the seconds since its 1970-01-01 00:00:00; no seconds are left out or
// repeated in it.
struct LocalTime {
  std::int64_t seconds = 0;
  friend auto operator<=>(const LocalTime&, const LocalTime&) = default;
};

// Bit i of a mask: the value i is admitted. Default: every minute.
struct Calendar {
  // A bit of weekday_of_month beyond those of the first to the fifth.
  static constexpr int kLast = 5;

  std::uint64_t seconds = 1;
  std::uint64_t minutes = (std::uint64_t{1} << 60) - 1;
  std::uint64_t hours = (std::uint64_t{1} << 24) - 1;
  std::uint64_t days = (std::uint64_t{1} << 32) - 2;     // 1 to 31
  std::uint64_t months = (std::uint64_t{1} << 13) - 2;   // 1 to 12
  std::uint64_t weekdays = (std::uint64_t{1} << 7) - 1;  // 0 is Sunday
  // By weekday. Bit n - 1: the n-th such day of a month; bit kLast: the last one.
  std::array<std::uint8_t, 7> weekday_of_month{};
  bool last_day = false;  // the last day of each month
  // Whether the field was written as * (or ?). When neither was, a day is admitted that either of them
  // admits.
  bool any_day = true;
  bool any_weekday = true;

  bool every_hour() const { return hours == (std::uint64_t{1} << 24) - 1; }
  // Whether there is any date that is admitted: February 30 is none.
  bool MayMatch() const;

  friend bool operator==(const Calendar&, const Calendar&) = default;
};

// The first admitted second not before `from`; nullopt when there is none within kSearchYears. What MayMatch
// has one: the rarest, a February that has a certain weekday five times, comes after 40 years at most.
inline constexpr int kSearchYears = 41;
std::optional<LocalTime> FirstMatch(const Calendar& calendar, LocalTime from);

}  // namespace tidemill::cron
