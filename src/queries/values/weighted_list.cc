#include "queries/values/weighted_list.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "base/ascii.h"

namespace tidemill::queries {
namespace {

constexpr std::size_t kElementsMax = 64;

// "0", "0.5", "1.000" in thousandths.
std::optional<int> ReadQuality(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  int quality = text[0] == '1' ? 1000 : 0;
  if (text.size() == 1) return quality;
  if (text[1] != '.') return std::nullopt;
  int unit = 100;
  for (const char c : text.substr(2)) {
    if (!IsDigit(c)) return std::nullopt;
    quality += (c - '0') * unit;
    unit /= 10;
  }
  return quality <= 1000 ? std::optional(quality) : std::nullopt;
}

// Cuts what is before `separator` off, or all.
std::string_view TakeUntil(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view taken = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return TrimBlanks(taken);
}

std::optional<WeightedElement> ReadElement(std::string_view text) {
  WeightedElement element{.value = ToLower(TakeUntil(text, ';'))};
  if (element.value.empty()) return std::nullopt;
  while (!text.empty()) {
    std::string_view value = TakeUntil(text, ';');
    const std::string_view name = TakeUntil(value, '=');
    if (!EqualIgnoringCase(name, "q")) continue;
    const auto quality = ReadQuality(value);
    if (!quality) return std::nullopt;
    element.quality = *quality;
  }
  return element;
}

}  // namespace

std::vector<WeightedElement> ReadWeighted(const http::Request& request, std::string_view header) {
  std::vector<WeightedElement> elements;
  for (const http::HeaderView& each : request.headers) {
    if (!EqualIgnoringCase(each.name, header)) continue;
    for (std::string_view rest = each.value; !rest.empty() && elements.size() < kElementsMax;) {
      if (auto element = ReadElement(TakeUntil(rest, ','))) elements.push_back(*std::move(element));
    }
  }
  return elements;
}

}  // namespace tidemill::queries
