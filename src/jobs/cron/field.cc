#include "jobs/cron/field.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <string>

#include "base/ascii.h"

namespace tidemill::cron {
namespace {

struct Grammar {
  std::string_view name;
  unsigned min;
  unsigned max;                             // of the weekday 7, which is Sunday again
  std::span<const std::string_view> names;  // of the values from min on
  std::string_view accepted;
};

constexpr std::array<std::string_view, 12> kMonths = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                      "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> kWeekdays = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

constexpr std::array<Grammar, 6> kGrammars = {{
    {"second", 0, 59, {}, "0 to 59, *, lists, ranges and steps"},
    {"minute", 0, 59, {}, "0 to 59, *, lists, ranges and steps"},
    {"hour", 0, 23, {}, "0 to 23, *, lists, ranges and steps"},
    {"day of the month", 1, 31, {}, "1 to 31, L for the last day, *, ?, lists, ranges and steps"},
    {"month", 1, 12, kMonths, "1 to 12, JAN to DEC, *, lists, ranges and steps"},
    {"day of the week", 0, 7, kWeekdays,
     "0 to 7 (0 and 7 are Sunday), SUN to SAT, FRI#2 for the second Friday of a month, FRIL for the last, *, "
     "?, "
     "lists, ranges and steps"},
}};

std::uint64_t& MaskOf(Field field, Calendar& calendar) {
  switch (field) {
    case Field::kSecond: return calendar.seconds;
    case Field::kMinute: return calendar.minutes;
    case Field::kHour: return calendar.hours;
    case Field::kDay: return calendar.days;
    case Field::kMonth: return calendar.months;
    case Field::kWeekday: return calendar.weekdays;
  }
  __builtin_unreachable();
}

// Reads the items of one field.
class FieldReader {
 public:
  FieldReader(Field field, std::string_view text, Calendar& calendar)
      : field_(field),
        grammar_(kGrammars[static_cast<std::size_t>(field)]),
        text_(text),
        calendar_(calendar) {}

  Result<> Read() {
    if (IsEvery(text_)) {
      if (field_ == Field::kSecond) calendar_.seconds = Calendar{}.minutes;
      return {};  // the other masks begin so
    }
    MaskOf(field_, calendar_) = 0;
    if (field_ == Field::kDay) calendar_.any_day = false;
    if (field_ == Field::kWeekday) calendar_.any_weekday = false;
    for (std::string_view rest = text_;;) {
      const std::size_t comma = rest.find(',');
      TM_TRY(ReadItem(rest.substr(0, comma)));
      if (comma == std::string_view::npos) return {};
      rest.remove_prefix(comma + 1);
    }
  }

 private:
  bool has_days() const { return field_ == Field::kDay || field_ == Field::kWeekday; }
  // The text of a field that restricts nothing.
  bool IsEvery(std::string_view text) const {
    return text == "*" || text == "*/1" || (has_days() && text == "?");
  }

  std::unexpected<Error> Wrong(std::string what) const {
    return Fail(Errc::kInvalidArgument, fmt::format("{} \"{}\": {}; accepted: {}", grammar_.name, text_,
                                                    std::move(what), grammar_.accepted));
  }

  Result<> ReadItem(std::string_view item) {
    if (item.empty()) return Wrong("an empty item");
    if (const auto done = ReadSpecial(item)) return *done;
    const std::size_t slash = item.find('/');
    const std::string_view range = item.substr(0, slash);
    unsigned step = 1;
    if (slash != std::string_view::npos) {
      const auto number = Number(item.substr(slash + 1));
      if (!number || *number == 0) return Wrong(fmt::format("no step: \"{}\"", item.substr(slash + 1)));
      step = *number;
    }
    unsigned first = grammar_.min;
    unsigned last = field_ == Field::kWeekday ? 6 : grammar_.max;
    if (range == "*" || (range == "?" && has_days())) {
      if (slash == std::string_view::npos) return Wrong(fmt::format("{} beside others", range));
    } else if (const std::size_t dash = range.find('-'); dash != std::string_view::npos) {
      TM_TRY_ASSIGN(first, Value(range.substr(0, dash)));
      TM_TRY_ASSIGN(last, RangeEnd(range.substr(dash + 1), first));
      if (first > last) {
        return Wrong(fmt::format("{} ends before it begins; write it as two ranges", range));
      }
    } else {
      TM_TRY_ASSIGN(first, Value(range));
      if (slash == std::string_view::npos) {
        last = first;
      } else if (field_ == Field::kWeekday) {
        return Wrong(fmt::format("whether {} ends at 6 or 7 is not agreed; write it as a range", item));
      }
    }
    if (slash != std::string_view::npos && step > last - first) {
      return Wrong(fmt::format("the step of {} passes over all but {}", item, first));
    }
    for (unsigned value = first; value <= last; value += step) Admit(value);
    return {};
  }

  void Admit(unsigned value) {
    MaskOf(field_, calendar_) |= std::uint64_t{1} << (field_ == Field::kWeekday ? value % 7 : value);
  }

  // L, W, H and #; nullopt when the item has none of them. Names have letters of their own.
  std::optional<Result<>> ReadSpecial(std::string_view item) {
    if (item.contains('#')) return ReadNth(item);
    if (grammar_.names.empty() && item.contains('W')) {
      return Wrong("W (the nearest weekday) is not understood; use a job that looks at the date");
    }
    if (grammar_.names.empty() && item.contains('H')) {
      return Wrong("H (a value by hash) is not understood; write the value");
    }
    if (!item.ends_with('L') || field_ == Field::kMonth) return std::nullopt;
    if (field_ == Field::kDay && item == "L") {
      calendar_.last_day = true;
      return Result<>{};
    }
    if (field_ != Field::kWeekday) return Wrong("L is understood alone, as the day of the month");
    if (item == "L")
      return Wrong("L alone has several meanings here; write SAT, or SATL for a month's last Saturday");
    const auto weekday = Value(item.substr(0, item.size() - 1));
    if (!weekday) return std::unexpected(weekday.error());
    calendar_.weekday_of_month[*weekday % 7] |= 1 << Calendar::kLast;
    return Result<>{};
  }

  Result<> ReadNth(std::string_view item) {
    if (field_ != Field::kWeekday) return Wrong("# is understood in the day of the week alone");
    const std::size_t hash = item.find('#');
    TM_TRY_ASSIGN(const unsigned weekday, Value(item.substr(0, hash)));
    const auto nth = Number(item.substr(hash + 1));
    if (!nth || *nth < 1 || *nth > 5) return Wrong("behind # stands 1 to 5");
    calendar_.weekday_of_month[weekday % 7] |= static_cast<std::uint8_t>(1U << (*nth - 1));
    return {};
  }

  static std::optional<unsigned> Number(std::string_view text) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.size() > 4) return std::nullopt;
    return value;
  }

  // SAT-SUN is a range; 6-0 is not.
  Result<unsigned> RangeEnd(std::string_view text, unsigned first) const {
    TM_TRY_ASSIGN(const unsigned value, Value(text));
    const bool after_saturday = field_ == Field::kWeekday && first > 0 && value == 0 && text != "0";
    return after_saturday ? 7 : value;
  }

  Result<unsigned> Value(std::string_view text) const {
    for (std::size_t i = 0; i < grammar_.names.size(); ++i) {
      if (EqualIgnoringCase(text, grammar_.names[i])) return grammar_.min + static_cast<unsigned>(i);
    }
    const auto value = Number(text);
    if (!value) return Wrong(fmt::format("\"{}\" is no value", text));
    if (*value < grammar_.min || *value > grammar_.max)
      return Wrong(fmt::format("{} is out of range", *value));
    return *value;
  }

  Field field_;
  const Grammar& grammar_;
  std::string_view text_;
  Calendar& calendar_;
};

}  // namespace

Result<> ParseField(Field field, std::string_view text, Calendar& calendar) {
  return FieldReader(field, text, calendar).Read();
}

std::string_view Name(Field field) { return kGrammars[static_cast<std::size_t>(field)].name; }

}  // namespace tidemill::cron
