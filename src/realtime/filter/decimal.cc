#include "realtime/filter/decimal.h"

#include <algorithm>
#include <cstddef>

#include "base/ascii.h"

namespace tidemill::filter {
namespace {

constexpr std::size_t kTextBytesMax = 200;
constexpr std::size_t kFractionDigitsMax = 19;

struct Decimal {
  bool negative = false;
  std::string_view whole;     // without zeros in front
  std::string_view fraction;  // without zeros behind
};

bool IsDigits(std::string_view text) { return !text.empty() && std::ranges::all_of(text, IsDigit); }

std::optional<Decimal> Read(std::string_view text) {
  if (text.size() > kTextBytesMax) return std::nullopt;
  Decimal decimal;
  decimal.negative = text.starts_with('-');
  if (decimal.negative || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  decimal.whole = text.substr(0, point);
  if (!IsDigits(decimal.whole)) return std::nullopt;
  if (point != std::string_view::npos) {
    decimal.fraction = text.substr(point + 1);
    if (!IsDigits(decimal.fraction) || decimal.fraction.size() > kFractionDigitsMax) return std::nullopt;
  }
  decimal.whole.remove_prefix(std::min(decimal.whole.find_first_not_of('0'), decimal.whole.size()));
  decimal.fraction = decimal.fraction.substr(0, decimal.fraction.find_last_not_of('0') + 1);
  if (decimal.whole.empty() && decimal.fraction.empty()) decimal.negative = false;
  return decimal;
}

std::strong_ordering CompareSizes(const Decimal& a, const Decimal& b) {
  if (a.whole.size() != b.whole.size()) return a.whole.size() <=> b.whole.size();
  if (a.whole != b.whole) return a.whole <=> b.whole;
  return a.fraction <=> b.fraction;
}

}  // namespace

std::optional<std::strong_ordering> CompareDecimals(std::string_view a, std::string_view b) {
  const auto left = Read(a);
  const auto right = Read(b);
  if (!left || !right) return std::nullopt;
  if (left->negative != right->negative) {
    return left->negative ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  return left->negative ? CompareSizes(*right, *left) : CompareSizes(*left, *right);
}

}  // namespace tidemill::filter
