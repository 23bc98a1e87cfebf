#include "queries/values/time_text.h"

#include <charconv>
#include <cstddef>
#include <optional>

#include "base/ascii.h"

namespace tidemill::queries {
namespace {

// Takes from the front what fits; the first thing that does not makes all else fail.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  // A number of `least` to `most` digits; -1 if there is none.
  int Digits(std::size_t least, std::size_t most) {
    std::size_t count = 0;
    while (count < rest_.size() && IsDigit(rest_[count])) ++count;
    if (count < least || count > most) return -1;
    int value = 0;
    std::from_chars(rest_.data(), rest_.data() + count, value);
    rest_.remove_prefix(count);
    return value;
  }
  bool Take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool Take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  bool AtEnd() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

int DaysOf(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return kDays[month - 1] + (month == 2 && leap ? 1 : 0);
}

// The year, or -1. Of years before 1 nobody knows here whether they are leap years.
int TakeDate(Scanner& text) {
  const int year = text.Digits(4, 6);
  if (year < 1 || !text.Take('-')) return -1;
  const int month = text.Digits(2, 2);
  if (month < 1 || month > 12 || !text.Take('-')) return -1;
  const int day = text.Digits(2, 2);
  return day >= 1 && day <= DaysOf(year, month) ? year : -1;
}

bool TakeClock(Scanner& text) {
  const int hour = text.Digits(2, 2);
  if (hour < 0 || hour > 23 || !text.Take(':')) return false;
  const int minute = text.Digits(2, 2);
  if (minute < 0 || minute > 59) return false;
  if (!text.Take(':')) return true;
  const int second = text.Digits(2, 2);
  if (second < 0 || second > 60) return false;
  return !text.Take('.') || text.Digits(1, 9) >= 0;
}

enum class Zone { kNone, kUtc, kOther, kWrong };

Zone TakeZone(Scanner& text) {
  if (text.Take('Z') || text.Take('z')) return Zone::kUtc;
  const bool minus = text.Take('-');
  if (!minus && !text.Take('+')) return Zone::kNone;
  const int hour = text.Digits(2, 2);
  const int minute = text.Take(':') ? text.Digits(2, 2) : 0;
  if (hour < 0 || hour > 15 || minute < 0 || minute > 59) return Zone::kWrong;
  return hour == 0 && minute == 0 ? Zone::kUtc : Zone::kOther;
}

std::expected<void, std::string> CheckDate(std::string_view text) {
  Scanner scanner(text);
  if (TakeDate(scanner) > 0 && (scanner.AtEnd() || (scanner.Take(" BC") && scanner.AtEnd()))) return {};
  return std::unexpected("must be a date like 2026-11-27");
}

std::expected<void, std::string> CheckTimestamp(sql::Kind kind, std::string_view text) {
  const std::string example =
      std::string("must be a time like 2026-11-27T10:00:00") + (kind == sql::Kind::kTimestampTz ? "Z" : "");
  Scanner scanner(text);
  if (TakeDate(scanner) < 0) return std::unexpected(example);
  if (!scanner.Take('T') && !scanner.Take('t') && !scanner.Take(' ')) return std::unexpected(example);
  if (!TakeClock(scanner)) return std::unexpected(example);
  const Zone zone = TakeZone(scanner);
  scanner.Take(" BC");
  if (zone == Zone::kWrong || !scanner.AtEnd()) return std::unexpected(example);
  if (kind == sql::Kind::kTimestampTz && zone == Zone::kNone) {
    return std::unexpected("must say its time zone, like 2026-11-27T10:00:00Z or 2026-11-27T12:00:00+02:00");
  }
  if (kind == sql::Kind::kTimestamp && zone == Zone::kOther) {
    return std::unexpected("has no time zone in the database: leave it out, like 2026-11-27T10:00:00");
  }
  return {};
}

}  // namespace

std::expected<void, std::string> CheckTime(sql::Kind kind, std::string_view text) {
  if (text == "infinity" || text == "-infinity") return {};
  return kind == sql::Kind::kDate ? CheckDate(text) : CheckTimestamp(kind, text);
}

}  // namespace tidemill::queries
