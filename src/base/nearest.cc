#include "base/nearest.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace tidemill {
namespace {

constexpr std::size_t kTextBytesMax = 200;

// Letters to insert, remove or replace, or neighbours to swap, to get from one to the other (optimal string
// alignment).
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  std::vector<std::size_t> twice_above;
  for (std::size_t i = 0; i < a.size(); ++i) {
    twice_above = std::exchange(above, row);
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = above[j] + (a[i] == b[j] ? 0 : 1);
      row[j + 1] = std::min({replaced, row[j] + 1, above[j + 1] + 1});
      if (i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j]) {
        row[j + 1] = std::min(row[j + 1], twice_above[j - 1] + 1);
      }
    }
  }
  return row.back();
}

bool IsTail(std::string_view text, std::string_view name) {
  return name.size() > text.size() + 1 && name.ends_with(text) && name[name.size() - text.size() - 1] == '.';
}

}  // namespace

std::optional<std::string> Nearest(std::string_view text, std::span<const std::string> names) {
  if (text.empty() || text.size() > kTextBytesMax) return std::nullopt;
  const std::string* nearest = nullptr;
  std::size_t least = std::max<std::size_t>(1, text.size() / 3) + 1;
  for (const std::string& name : names) {
    if (const std::size_t distance = EditDistance(text, name); distance < least) {
      least = distance;
      nearest = &name;
    }
  }
  // A missing section outweighs a look-alike, unless that is nearly the same.
  if (nearest == nullptr || least > 2) {
    const auto tail =
        std::ranges::find_if(names, [&](const std::string& name) { return IsTail(text, name); });
    if (tail != names.end()) return *tail;
  }
  return nearest == nullptr ? std::nullopt : std::optional(*nearest);
}

}  // namespace tidemill
