#include "queries/live/scores.h"

#include <algorithm>
#include <cstddef>

#include "base/assert.h"

namespace tidemill::queries::live {
namespace {

constexpr std::int64_t kScoreMax = std::int64_t{1} << 53;
constexpr std::int64_t kSpacing = std::int64_t{1} << 20;

// The longest run of rows whose scores already fall: patience sorting. Which rows keep theirs.
std::vector<bool> FindKept(std::span<const std::optional<std::int64_t>> before) {
  std::vector<std::size_t> ends;  // ends[n]: the row that ends the best run of n + 1
  std::vector<std::size_t> previous(before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (!before[i]) continue;
    const auto at =
        std::ranges::lower_bound(ends, -*before[i], {}, [&](std::size_t row) { return -*before[row]; });
    previous[i] = at == ends.begin() ? i : *(at - 1);
    if (at == ends.end()) {
      ends.push_back(i);
    } else {
      *at = i;
    }
  }
  std::vector<bool> kept(before.size());
  if (ends.empty()) return kept;
  for (std::size_t row = ends.back();; row = previous[row]) {
    kept[row] = true;
    if (previous[row] == row) return kept;
  }
}

std::vector<std::int64_t> NumberAnew(std::size_t rows) {
  std::vector<std::int64_t> scores(rows);
  for (std::size_t i = 0; i < rows; ++i) scores[i] = static_cast<std::int64_t>(rows - i) * kSpacing;
  return scores;
}

}  // namespace

std::vector<std::int64_t> AssignScores(std::span<const std::optional<std::int64_t>> before) {
  TM_ASSERT(before.size() < static_cast<std::size_t>(kScoreMax / kSpacing));
  const std::vector<bool> kept = FindKept(before);
  if (std::ranges::find(kept, true) == kept.end()) return NumberAnew(before.size());
  std::vector<std::int64_t> scores(before.size());
  for (std::size_t begin = 0; begin < before.size();) {
    if (kept[begin]) {
      scores[begin] = *before[begin];
      ++begin;
      continue;
    }
    std::size_t end = begin;
    while (end < before.size() && !kept[end]) ++end;
    const auto count = static_cast<std::int64_t>(end - begin);
    std::int64_t first = 0;
    std::int64_t step = kSpacing;
    if (begin == 0) {
      first = *before[end] + count * kSpacing;
    } else if (end == before.size()) {
      first = scores[begin - 1] - kSpacing;
    } else {
      step = (scores[begin - 1] - *before[end]) / (count + 1);
      first = scores[begin - 1] - step;
    }
    const std::int64_t last = first - (count - 1) * step;
    if (step == 0 || first > kScoreMax || last < -kScoreMax) return NumberAnew(before.size());
    for (; begin < end; ++begin, first -= step) scores[begin] = first;
  }
  return scores;
}

}  // namespace tidemill::queries::live
