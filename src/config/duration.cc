#include "config/duration.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

namespace tidemill::config {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t ms;
};

// Largest first: a duration names each unit at most once, in this order.
constexpr std::array<Unit, 4> kUnits = {{{"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};

}  // namespace

Result<Duration> ParseDuration(std::string_view text) {
  const auto wrong = [&text] {
    return Fail(Errc::kInvalidArgument,
                fmt::format("\"{}\" is not a duration; write it like \"25s\" or \"1h30m\"", text));
  };
  const char* at = text.data();
  const char* const end = at + text.size();
  std::size_t next_unit = 0;
  std::int64_t total_ms = 0;
  do {
    std::uint32_t count = 0;
    const auto number = std::from_chars(at, end, count);
    if (number.ec != std::errc{}) return wrong();
    at = number.ptr;
    const char* name_end = at;
    while (name_end != end && *name_end >= 'a' && *name_end <= 'z') ++name_end;
    const std::string_view name(at, static_cast<std::size_t>(name_end - at));
    at = name_end;
    while (next_unit < kUnits.size() && kUnits[next_unit].name != name) ++next_unit;
    if (next_unit == kUnits.size()) return wrong();
    total_ms += kUnits[next_unit++].ms * std::int64_t{count};
  } while (at != end);
  return Duration{total_ms};
}

std::string ToString(Duration duration) {
  if (duration.ms == 0) return "0s";
  std::string out;
  std::int64_t rest_ms = duration.ms;
  for (const Unit& unit : kUnits) {
    if (const std::int64_t count = rest_ms / unit.ms; count != 0) {
      out += fmt::format("{}{}", count, unit.name);
      rest_ms -= count * unit.ms;
    }
  }
  return out;
}

}  // namespace tidemill::config
