#include "jobs/cron/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "config/duration.h"
#include "jobs/cron/field.h"

namespace tidemill::cron {
namespace {

struct Macro {
  std::string_view name;
  std::string_view expression;
};

constexpr std::array<Macro, 7> kMacros = {{{"@yearly", "0 0 1 1 *"},
                                           {"@annually", "0 0 1 1 *"},
                                           {"@monthly", "0 0 1 * *"},
                                           {"@weekly", "0 0 * * 0"},
                                           {"@daily", "0 0 * * *"},
                                           {"@midnight", "0 0 * * *"},
                                           {"@hourly", "0 * * * *"}}};
constexpr std::string_view kBlanks = " \t";

std::unexpected<Error> Wrong(std::string what) { return Fail(Errc::kInvalidArgument, std::move(what)); }

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; (at = text.find_first_not_of(kBlanks, at)) != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(kBlanks, at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

Result<Schedule> ParseCalendar(const std::vector<std::string_view>& words) {
  using enum Field;
  constexpr std::array kFields = {kSecond, kMinute, kHour, kDay, kMonth, kWeekday};
  if (words.size() != 5 && words.size() != 6) {
    return Wrong(
        fmt::format("{} fields; a schedule has five (minute, hour, day of the month, month, day of the "
                    "week), or six with the "
                    "second before them, or is @daily, @every 90s or the like",
                    words.size()));
  }
  Calendar calendar;
  for (std::size_t i = 0; i < words.size(); ++i) {
    TM_TRY(ParseField(kFields[i + kFields.size() - words.size()], words[i], calendar));
  }
  if (!calendar.MayMatch()) return Wrong("a date that never comes: no month that is named has such a day");
  return calendar;
}

Result<Schedule> ParseEvery(std::string_view text) {
  const auto period = config::ParseDuration(text);
  if (!period) return Wrong("@every: " + period.error().detail);
  if (*period < kEveryMin || *period > kEveryMax || period->ms % 1000 != 0) {
    return Wrong(fmt::format("@every {}: accepted are whole seconds from {} to {}", text,
                             config::ToString(kEveryMin), config::ToString(kEveryMax)));
  }
  return Every{.period = *period};
}

Result<Schedule> ParseMacro(const std::vector<std::string_view>& words) {
  if (words[0] == "@every") {
    if (words.size() != 2) return Wrong("@every stands before one duration: @every 90s");
    return ParseEvery(words[1]);
  }
  for (const Macro& macro : kMacros) {
    if (words[0] != macro.name) continue;
    if (words.size() > 1) return Wrong(fmt::format("{} stands alone", macro.name));
    return ParseCalendar(Words(macro.expression));
  }
  std::string known = "@every 90s";
  for (const Macro& macro : kMacros) known += fmt::format(", {}", macro.name);
  return Wrong(fmt::format("{} is not understood; accepted: {}", words[0], known));
}

}  // namespace

Result<Schedule> ParseSchedule(std::string_view text) {
  if (text.size() > kTextBytesMax)
    return Wrong(fmt::format("a schedule has at most {} bytes", kTextBytesMax));
  const std::vector<std::string_view> words = Words(text);
  if (!words.empty() && words[0].starts_with('@')) return ParseMacro(words);
  if (!words.empty() && (words[0].starts_with("TZ=") || words[0].starts_with("CRON_TZ="))) {
    return Wrong("the time zone is a field of its own, not a part of the schedule");
  }
  return ParseCalendar(words);
}

}  // namespace tidemill::cron
