#include "queries/live/postgres_triggers.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace tidemill::queries::live {
namespace {

// pg_trigger.tgtype (PostgreSQL, catalog/pg_trigger.h).
constexpr int kRow = 1;
constexpr int kBefore = 2;
constexpr int kInsert = 4;
constexpr int kDelete = 8;
constexpr int kUpdate = 16;
constexpr int kTruncate = 32;
constexpr int kInstead = 64;
constexpr int kAll = kInsert | kDelete | kUpdate | kTruncate;

struct Trigger {
  bool ours = false;
  char enabled = 'D';
  int type = 0;
  bool every_statement = false;
  bool has_old = false;
  bool has_new = false;
  std::vector<std::string> columns;

  bool fires() const {
    const bool after = (type & (kRow | kBefore | kInstead)) == 0;
    return ours && after && every_statement && (enabled == 'O' || enabled == 'A');
  }
  // Of an event: whether it has all rows that are needed to tell their values.
  bool HasRows(int event) const {
    if (event == kInsert) return has_new;
    if (event == kDelete) return has_old;
    return has_old && has_new;
  }
};

std::string_view TakeWord(std::string_view& line) {
  const std::size_t blank = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, blank);
  line.remove_prefix(std::min(blank + 1, line.size()));
  return word;
}

// As encode(…, 'escape') writes them.
std::vector<std::string> Arguments(std::string_view text) {
  std::vector<std::string> all;
  std::string one;
  while (!text.empty()) {
    if (text.front() != '\\') {
      one += text.front();
      text.remove_prefix(1);
    } else if (text.starts_with("\\\\")) {
      one += '\\';
      text.remove_prefix(2);
    } else {
      unsigned byte = 0;
      const std::string_view digits = text.substr(1, 3);
      std::from_chars(digits.data(), digits.data() + digits.size(), byte, 8);
      text.remove_prefix(1 + digits.size());
      if (byte == 0) {
        all.push_back(std::exchange(one, {}));
      } else {
        one += static_cast<char>(byte);
      }
    }
  }
  std::ranges::sort(all);
  return all;
}

Trigger ReadTrigger(std::string_view line) {
  Trigger trigger;
  trigger.ours = TakeWord(line) == "1";
  const std::string_view enabled = TakeWord(line);
  trigger.enabled = enabled.empty() ? 'D' : enabled.front();
  const std::string_view type = TakeWord(line);
  std::from_chars(type.data(), type.data() + type.size(), trigger.type);
  trigger.every_statement = TakeWord(line) == "1";
  trigger.has_old = TakeWord(line) == "1";
  trigger.has_new = TakeWord(line) == "1";
  trigger.columns = Arguments(line);
  return trigger;
}

std::vector<Trigger> ReadTriggers(std::string_view lines) {
  std::vector<Trigger> all;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    all.push_back(ReadTrigger(lines.substr(0, end)));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return all;
}

// Those that every insert, every update and every delete tells of: nothing else counts as told.
std::vector<std::string> ColumnsOf(const std::vector<Trigger>& all) {
  std::optional<std::vector<std::string>> common;
  for (const int event : {kInsert, kUpdate, kDelete}) {
    std::vector<std::string> told;
    for (const Trigger& each : all) {
      if (!each.fires() || (each.type & event) == 0 || !each.HasRows(event)) continue;
      told.insert(told.end(), each.columns.begin(), each.columns.end());
    }
    std::ranges::sort(told);
    told.erase(std::ranges::unique(told).begin(), told.end());
    if (common)
      std::erase_if(told, [&](const auto& name) { return !std::ranges::binary_search(*common, name); });
    common = std::move(told);
  }
  return *std::move(common);
}

}  // namespace

LiveTriggers LiveTriggers::Parse(std::string_view lines) {
  const std::vector<Trigger> all = ReadTriggers(lines);
  LiveTriggers triggers;
  if (all.empty()) return triggers;
  int told = 0;
  triggers.always = true;
  for (const Trigger& each : all) {
    if (!each.fires()) continue;
    told |= each.type & kAll;
    triggers.always = triggers.always && each.enabled == 'A';
  }
  triggers.state = told == kAll ? State::kComplete : State::kOthers;
  if (triggers.state == State::kComplete) triggers.columns = ColumnsOf(all);
  return triggers;
}

}  // namespace tidemill::queries::live
