#include "queries/live/window.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "queries/live/scores.h"

namespace tidemill::queries::live {

std::vector<Change> Window::Replace(std::vector<Row> rows) {
  ++round_;
  std::vector<std::optional<std::int64_t>> before;
  before.reserve(rows.size());
  for (const Row& row : rows) {
    const auto found = rows_.find(row.key);
    before.push_back(found == rows_.end() ? std::nullopt : std::optional(found->second.score));
    if (found != rows_.end()) found->second.round = round_;
  }
  std::vector<Change> changes;
  for (auto at = rows_.begin(); at != rows_.end();) {
    if (at->second.round == round_) {
      ++at;
      continue;
    }
    bytes_ -= kRowBytes + at->first.size() + at->second.data.size();
    changes.push_back({.key = at->first, .data = {}, .removed = true});
    at = rows_.erase(at);
  }
  const std::vector<std::int64_t> scores = AssignScores(before);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Held& held = rows_[rows[i].key];
    if (before[i] && held.data == rows[i].data && held.score == scores[i]) continue;
    bytes_ += rows[i].data.size() - held.data.size() + (before[i] ? 0 : kRowBytes + rows[i].key.size());
    changes.push_back({.key = std::move(rows[i].key), .data = rows[i].data, .score = scores[i]});
    held = {.data = std::move(rows[i].data), .score = scores[i], .round = round_};
  }
  return changes;
}

std::vector<Window::View> Window::InOrder() const {
  std::vector<View> all;
  all.reserve(rows_.size());
  for (const auto& [key, held] : rows_) all.push_back({.key = key, .score = held.score, .data = held.data});
  std::ranges::sort(all, std::ranges::greater{}, &View::score);
  return all;
}

std::optional<Change> Window::Top() const {
  const auto top = std::ranges::max_element(rows_, {}, [](const auto& each) { return each.second.score; });
  if (top == rows_.end()) return std::nullopt;
  return Change{.key = top->first, .data = top->second.data, .score = top->second.score};
}

}  // namespace tidemill::queries::live
