#include "jobs/cron/describe.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <vector>

#include "config/duration.h"

namespace tidemill::cron {
namespace {

constexpr std::array kMonths = {"",     "January", "February",  "March",   "April",    "May",     "June",
                                "July", "August",  "September", "October", "November", "December"};
constexpr std::array kWeekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                  "Thursday", "Friday", "Saturday"};
constexpr std::array kOrdinals = {"first", "second", "third", "fourth", "fifth", "last"};
constexpr std::uint64_t kFullMinute = (std::uint64_t{1} << 60) - 1;
constexpr int kTimesMax = 4;  // that are named one by one

// "1", "1 and 2", "1, 2 and 3"
std::string Joined(const std::vector<std::string>& words, std::string_view last = " and ") {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? last : ", ";
    out += words[i];
  }
  return out;
}

std::vector<int> Values(std::uint64_t mask) {
  std::vector<int> values;
  for (; mask != 0; mask &= mask - 1) values.push_back(std::countr_zero(mask));
  return values;
}

// The values of the mask, three and more in a row as "a to b".
template <class Spell>
std::string Listed(std::uint64_t mask, Spell spell) {
  const std::vector<int> values = Values(mask);
  std::vector<std::string> words;
  for (std::size_t i = 0; i < values.size();) {
    std::size_t end = i + 1;
    while (end < values.size() && values[end] == values[end - 1] + 1) ++end;
    if (end - i < 3) end = i + 1;
    words.push_back(end - i == 1 ? spell(values[i])
                                 : fmt::format("{} to {}", spell(values[i]), spell(values[end - 1])));
    i = end;
  }
  return Joined(words);
}

std::string Numbers(std::uint64_t mask) {
  return Listed(mask, [](int value) { return fmt::format("{}", value); });
}

// n for what */n admits of 60, where n divides 60; 0 otherwise.
int StepOf60(std::uint64_t mask) {
  const int count = std::popcount(mask);
  if (count < 2 || 60 % count != 0) return 0;
  const int step = 60 / count;
  for (int value = 0; value < 60; value += step) {
    if (((mask >> value) & 1) == 0) return 0;
  }
  return step;
}

std::string Units(std::uint64_t mask, std::string_view unit) {
  const int step = StepOf60(mask);
  if (step == 1) return fmt::format("every {}", unit);
  if (step > 1) return fmt::format("every {} {}s", step, unit);
  return fmt::format("at {}{} {}", unit, std::popcount(mask) == 1 ? "" : "s", Numbers(mask));
}

// "at 03:30 and 15:30"; empty when they are too many to be named.
std::string ClockTimes(const Calendar& calendar) {
  if (std::popcount(calendar.seconds) != 1) return {};
  if (std::popcount(calendar.minutes) * std::popcount(calendar.hours) > kTimesMax) return {};
  const int second = std::countr_zero(calendar.seconds);
  std::vector<std::string> times;
  for (const int hour : Values(calendar.hours)) {
    for (const int minute : Values(calendar.minutes)) {
      times.push_back(fmt::format("{:02}:{:02}", hour, minute));
      if (second != 0) times.back() += fmt::format(":{:02}", second);
    }
  }
  return "at " + Joined(times);
}

std::string TimesOfDay(const Calendar& calendar) {
  std::string times = ClockTimes(calendar);
  if (!times.empty()) return times;
  std::vector<std::string> parts;
  if (calendar.seconds != 1) parts.push_back(Units(calendar.seconds, "second"));
  if (calendar.seconds == 1 || calendar.minutes != kFullMinute)
    parts.push_back(Units(calendar.minutes, "minute"));
  if (calendar.every_hour()) {
    if (std::popcount(calendar.minutes) == 1) parts.back() += " of every hour";
  } else {
    parts.push_back(
        fmt::format("in hour{} {}", std::popcount(calendar.hours) == 1 ? "" : "s", Numbers(calendar.hours)));
  }
  return Joined(parts, ", ");
}

std::string MonthDays(const Calendar& calendar) {
  std::vector<std::string> parts;
  if (calendar.days != 0) {
    parts.push_back(
        fmt::format("day{} {}", std::popcount(calendar.days) == 1 ? "" : "s", Numbers(calendar.days)));
  }
  if (calendar.last_day) parts.emplace_back("the last day");
  return fmt::format("on {} of the month", Joined(parts));
}

std::string Weekdays(const Calendar& calendar) {
  std::vector<std::string> parts;
  if (calendar.weekdays == 0b0111110) {
    parts.emplace_back("weekdays");
  } else if (calendar.weekdays == 0b1000001) {
    parts.emplace_back("Saturday and Sunday");
  } else if (calendar.weekdays != 0) {
    parts.push_back(
        Listed(calendar.weekdays, [](int day) { return std::string(kWeekdays[std::size_t(day)]); }));
  }
  for (std::size_t day = 0; day < 7; ++day) {
    for (const int nth : Values(calendar.weekday_of_month[day])) {
      parts.push_back(fmt::format("the {} {} of the month", kOrdinals[std::size_t(nth)], kWeekdays[day]));
    }
  }
  return "on " + Joined(parts);
}

}  // namespace

std::string Describe(const Schedule& schedule, const Zone& zone) {
  if (const Every* const every = std::get_if<Every>(&schedule)) {
    return fmt::format("every {}", config::ToString(every->period));
  }
  const auto& calendar = std::get<Calendar>(schedule);
  std::string words = TimesOfDay(calendar);
  if (calendar.any_day && calendar.any_weekday) {
    if (words.starts_with("at ") && !calendar.every_hour()) words += " every day";
  } else if (calendar.any_day) {
    words += " " + Weekdays(calendar);
  } else if (calendar.any_weekday) {
    words += " " + MonthDays(calendar);
  } else {
    words += fmt::format(" {} or {}", MonthDays(calendar), Weekdays(calendar));
  }
  if (std::popcount(calendar.months) != 12) {
    words +=
        " in " + Listed(calendar.months, [](int month) { return std::string(kMonths[std::size_t(month)]); });
  }
  return fmt::format("{}, {}", words, zone.name());
}

}  // namespace tidemill::cron
