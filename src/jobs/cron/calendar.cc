#include "jobs/cron/calendar.h"

#include <bit>
#include <chrono>

namespace tidemill::cron {
namespace {

constexpr std::int64_t kDaySeconds = 86'400;

bool Has(std::uint64_t mask, unsigned value) { return ((mask >> value) & 1) != 0; }

// The first value of the mask not below `from`.
std::optional<unsigned> FirstFrom(std::uint64_t mask, unsigned from) {
  const std::uint64_t rest = from < 64 ? mask >> from << from : 0;
  if (rest == 0) return std::nullopt;
  return static_cast<unsigned>(std::countr_zero(rest));
}

struct Month {
  std::chrono::year_month month;
  unsigned days = 0;
  unsigned first_weekday = 0;

  explicit Month(std::chrono::year_month m)
      : month(m),
        days(static_cast<unsigned>(std::chrono::year_month_day_last(m / std::chrono::last).day())),
        first_weekday(std::chrono::weekday(std::chrono::sys_days(m / 1)).c_encoding()) {}

  std::int64_t first_day() const { return std::chrono::sys_days(month / 1).time_since_epoch().count(); }
};

bool AdmitsDay(const Calendar& calendar, const Month& month, unsigned day) {
  const unsigned weekday = (month.first_weekday + day - 1) % 7;
  const unsigned of_month = calendar.weekday_of_month[weekday];
  const bool by_day = Has(calendar.days, day) || (calendar.last_day && day == month.days);
  const bool by_weekday = Has(calendar.weekdays, weekday) || Has(of_month, (day - 1) / 7) ||
                          (Has(of_month, Calendar::kLast) && day + 7 > month.days);
  if (calendar.any_day) return calendar.any_weekday || by_weekday;
  if (calendar.any_weekday) return by_day;
  return by_day || by_weekday;
}

// The first day from `day` on that is admitted; nullopt when the month has none.
std::optional<unsigned> FirstDay(const Calendar& calendar, const Month& month, unsigned day) {
  for (; day <= month.days; ++day) {
    if (AdmitsDay(calendar, month, day)) return day;
  }
  return std::nullopt;
}

// The first second of a day from `from` on; nullopt when it is of a later day.
std::optional<unsigned> FirstSecondOfDay(const Calendar& calendar, unsigned from) {
  const unsigned hour = from / 3600;
  const unsigned minute = from / 60 % 60;
  if (Has(calendar.hours, hour)) {
    if (Has(calendar.minutes, minute)) {
      if (const auto second = FirstFrom(calendar.seconds, from % 60))
        return hour * 3600 + minute * 60 + *second;
    }
    if (const auto later = FirstFrom(calendar.minutes, minute + 1)) {
      return hour * 3600 + *later * 60 + *FirstFrom(calendar.seconds, 0);
    }
  }
  const auto later = FirstFrom(calendar.hours, hour + 1);
  if (!later) return std::nullopt;
  return *later * 3600 + *FirstFrom(calendar.minutes, 0) * 60 + *FirstFrom(calendar.seconds, 0);
}

}  // namespace

bool Calendar::MayMatch() const {
  if (seconds == 0 || minutes == 0 || hours == 0 || months == 0) return false;
  if (any_day || !any_weekday || last_day) return true;
  constexpr std::uint64_t kLongMonths = 0b1010110101010;  // those with 31 days
  const unsigned longest = (months & kLongMonths) != 0              ? 31
                           : (months & ~std::uint64_t{1 << 2}) != 0 ? 30
                                                                    : 29;
  return (days & ((std::uint64_t{2} << longest) - 1)) != 0;
}

std::optional<LocalTime> FirstMatch(const Calendar& calendar, LocalTime from) {
  using std::chrono::days;
  const std::chrono::sys_days date{
      days(from.seconds / kDaySeconds - (from.seconds % kDaySeconds < 0 ? 1 : 0))};
  const std::chrono::year_month_day start{date};
  std::chrono::year_month at = start.year() / start.month();
  auto day = static_cast<unsigned>(start.day());
  auto second = static_cast<unsigned>(from.seconds - date.time_since_epoch().count() * kDaySeconds);
  for (int months = 0; months <= kSearchYears * 12;
       ++months, at += std::chrono::months(1), day = 1, second = 0) {
    if (!Has(calendar.months, static_cast<unsigned>(at.month()))) continue;
    const Month month(at);
    while (const auto admitted = FirstDay(calendar, month, day)) {
      const auto found = FirstSecondOfDay(calendar, *admitted == day ? second : 0);
      if (found) return LocalTime{(month.first_day() + *admitted - 1) * kDaySeconds + *found};
      day = *admitted + 1;
      second = 0;
    }
  }
  return std::nullopt;
}

}  // namespace tidemill::cron
