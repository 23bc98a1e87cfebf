#include "queries/live/snapshot.h"

#include <charconv>

namespace tidemill::queries::live {
namespace {

bool Read(std::string_view text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::expected<Snapshot, std::string> Snapshot::Parse(std::string_view text) {
  const std::size_t first = text.find(':');
  const std::size_t second = first == text.npos ? text.npos : text.find(':', first + 1);
  std::uint64_t number = 0;
  const auto wrong = std::unexpected("no snapshot: " + std::string(text));
  if (second == text.npos) return wrong;
  Snapshot snapshot{.text = std::string(text), .xmin = 0, .xmax = 0, .running = {}, .taken_ms = 0};
  const std::string_view xmax = text.substr(first + 1, second - first - 1);
  if (!Read(text.substr(0, first), snapshot.xmin) || !Read(xmax, snapshot.xmax)) return wrong;
  for (std::string_view left = text.substr(second + 1); !left.empty();) {
    const std::size_t comma = left.find(',');
    if (!Read(left.substr(0, comma), number)) return wrong;
    snapshot.running.insert(number);
    left = comma == left.npos ? std::string_view() : left.substr(comma + 1);
  }
  return snapshot;
}

bool Snapshot::GoesOnWith(const Snapshot& next, Duration gap_max) const {
  return next.xmax >= xmax && next.taken_ms - taken_ms <= gap_max.ms;
}

std::vector<std::string> Snapshot::RunningTexts() const {
  std::vector<std::string> texts;
  for (const std::uint64_t each : running) texts.push_back(std::to_string(each));
  return texts;
}

}  // namespace tidemill::queries::live
