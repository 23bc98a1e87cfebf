#include "jobs/job/timestamp.h"

#include <array>
#include <chrono>

#include "base/ascii.h"

namespace tidemill::job {
namespace {

// Takes digits and separators from the front of a text; the first that is missing is remembered.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  int Digits(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (i >= rest_.size() || !IsDigit(rest_[i])) {
        failed_ = true;
        return 0;
      }
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }
  bool Take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void Expect(char c) { failed_ = !Take(c) || failed_; }

  // The digits behind a decimal point, in ms.
  int Fraction() {
    std::size_t count = 0;
    while (count < rest_.size() && IsDigit(rest_[count])) ++count;
    if (count == 0 || count > 9) failed_ = true;
    int ms = 0;
    for (std::size_t i = 0; i < 3; ++i) ms = ms * 10 + (i < count ? rest_[i] - '0' : 0);
    rest_.remove_prefix(count);
    return ms;
  }

  bool ok() const { return !failed_; }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

// Minutes east of UTC; nullopt when it is none.
std::optional<int> ParseOffset(Cursor& cursor) {
  if (cursor.Take('Z')) return 0;
  const bool west = cursor.Take('-');
  if (!west) cursor.Expect('+');
  const int hours = cursor.Digits(2);
  cursor.Expect(':');
  const int minutes = cursor.Digits(2);
  if (!cursor.ok() || hours > 23 || minutes > 59) return std::nullopt;
  return (hours * 60 + minutes) * (west ? -1 : 1);
}

// `count` digits of `value` in front of `end`; gives where they begin. Every push writes two timestamps: this
// takes a tenth of what a format string does.
char* PutDigits(char* end, unsigned value, int count) {
  for (; count > 0; --count, value /= 10) *--end = static_cast<char>('0' + value % 10);
  return end;
}

constexpr std::int64_t kFirstMs = -62'135'596'800'000;
constexpr std::int64_t kLastMs = 253'402'300'799'999;

}  // namespace

std::optional<WallTime> ParseTimestamp(std::string_view text) {
  using namespace std::chrono;
  Cursor cursor(text);
  const year y(cursor.Digits(4));
  cursor.Expect('-');
  const month m(static_cast<unsigned>(cursor.Digits(2)));
  cursor.Expect('-');
  const day d(static_cast<unsigned>(cursor.Digits(2)));
  cursor.Expect('T');
  const int hour = cursor.Digits(2);
  cursor.Expect(':');
  const int minute = cursor.Digits(2);
  cursor.Expect(':');
  const int second = cursor.Digits(2);
  const int ms = cursor.Take('.') ? cursor.Fraction() : 0;
  const auto offset = ParseOffset(cursor);
  const year_month_day date(y, m, d);
  if (!offset || !cursor.ok() || !cursor.at_end() || !date.ok()) return std::nullopt;
  if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const std::int64_t days = sys_days(date).time_since_epoch().count();
  const std::int64_t minutes = (days * 24 + hour) * 60 + minute - *offset;
  const WallTime at{(minutes * 60 + second) * 1000 + ms};
  if (at.ms < kFirstMs || at.ms > kLastMs) return std::nullopt;
  return at;
}

void AppendTimestamp(WallTime at, std::string& out) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds(at.ms)};
  const auto date = floor<days>(time);
  const year_month_day day(date);
  const auto ms = static_cast<unsigned>((time - date).count());
  std::array<char, 24> text{};
  char* end = text.data() + text.size();
  const auto put = [&end](char separator, unsigned value, int count) {
    *--end = separator;
    end = PutDigits(end, value, count);
  };
  put('Z', ms % 1000, 3);
  put('.', ms / 1000 % 60, 2);
  put(':', ms / 60'000 % 60, 2);
  put(':', ms / 3'600'000, 2);
  put('T', static_cast<unsigned>(day.day()), 2);
  put('-', static_cast<unsigned>(day.month()), 2);
  put('-', static_cast<unsigned>(static_cast<int>(day.year())), 4);
  out.append(text.data(), text.size());
}

std::string ToTimestamp(WallTime at) {
  std::string out;
  AppendTimestamp(at, out);
  return out;
}

}  // namespace tidemill::job
