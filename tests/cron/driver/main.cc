// cron_driver: says when schedules fire, to whoever compares it with another program. A line of standard
// input is ZONE TAB AFTER_MS TAB COUNT TAB SCHEDULE; the answer is a line of as many times in ms, or
// "refused: " and why.
#include <charconv>
#include <iostream>
#include <string>
#include <string_view>

#include "jobs/cron/next.h"

namespace {

using namespace tidemill;
using namespace tidemill::cron;

std::string_view NextField(std::string_view& line) {
  const std::size_t tab = std::min(line.find('\t'), line.size());
  const std::string_view field = line.substr(0, tab);
  line.remove_prefix(std::min(tab + 1, line.size()));
  return field;
}

std::int64_t Number(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string Answer(std::string_view line) {
  const auto zone = Zone::Load(NextField(line));
  if (!zone) return "refused: " + zone.error().detail;
  WallTime at{Number(NextField(line))};
  const std::int64_t count = Number(NextField(line));
  const auto schedule = ParseSchedule(line);
  if (!schedule) return "refused: " + schedule.error().detail;
  std::string times;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto next = Next(*schedule, *zone, at);
    if (!next) break;
    at = *next;
    times += std::to_string(at.ms) + " ";
  }
  return times;
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) std::cout << Answer(line) << "\n";
}
