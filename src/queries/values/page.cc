#include "queries/values/page.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"

namespace tidemill::queries {
namespace {

// Cuts what is before `separator` off, or all.
std::string_view TakeUntil(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view taken = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return taken;
}

std::string AllOf(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

// "desc", "nullsfirst": each kind once, the direction first.
bool ReadModifiers(std::string_view rest, SortKey& key) {
  bool direction = false;
  while (!rest.empty()) {
    const std::string_view word = TakeUntil(rest, '.');
    if (!direction && key.nulls == Nulls::kDefault && (word == "asc" || word == "desc")) {
      direction = true;
      key.descending = word == "desc";
    } else if (key.nulls == Nulls::kDefault && (word == "nullsfirst" || word == "nullslast")) {
      key.nulls = word == "nullsfirst" ? Nulls::kFirst : Nulls::kLast;
    } else {
      return false;
    }
  }
  return true;
}

std::optional<std::uint64_t> ParseItem(std::string_view text) {
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  constexpr std::uint64_t kItemMax = 1'000'000'000'000'000;
  if (error != std::errc{} || stop != text.data() + text.size() || value > kItemMax) return std::nullopt;
  return value;
}

}  // namespace

std::vector<SortKey> ReadSort(std::string_view text, const std::vector<std::string>& allowed,
                              Refusal& refusal) {
  std::vector<SortKey> keys;
  const std::string usage =
      "; it is written like " + allowed.front() + ".desc, and may have " + AllOf(allowed);
  while (!text.empty()) {
    std::string_view rest = TakeUntil(text, ',');
    const std::string_view item = rest;
    const std::string_view name = TakeUntil(rest, '.');
    const auto found = std::ranges::find(allowed, name);
    SortKey key{.column = static_cast<std::size_t>(found - allowed.begin())};
    if (found == allowed.end()) {
      refusal.Add("sort", "has no column " + Shown(name) + NearMiss(name, allowed) + usage);
    } else if (!ReadModifiers(rest, key)) {
      refusal.Add("sort", "has " + Shown(item) + usage + ", with .asc or .desc, .nullsfirst or .nullslast");
    } else if (std::ranges::find(keys, key.column, &SortKey::column) != keys.end()) {
      refusal.Add("sort", "has " + *found + " twice");
    } else if (keys.size() == kSortKeysMax) {
      refusal.Add("sort", "has more than " + std::to_string(kSortKeysMax) + " columns");
      break;
    } else {
      keys.push_back(key);
    }
  }
  return keys;
}

std::optional<ItemRange> ReadRange(const http::Request& request, Refusal& refusal) {
  const auto header = request.Header("range");
  if (!header) return std::nullopt;
  if (const auto unit = request.Header("range-unit"); unit && !EqualIgnoringCase(*unit, "items"))
    return std::nullopt;
  std::string_view rest = TrimBlanks(*header);
  if (rest.starts_with("items=")) rest.remove_prefix(6);
  const bool open = rest.ends_with('-');
  const auto first = ParseItem(TakeUntil(rest, '-'));
  if (!first) return std::nullopt;
  const auto last = ParseItem(rest);
  if (!last && !(open && rest.empty())) return std::nullopt;
  if (last && *last < *first) {
    refusal.kind = RefusalKind::kRange;
    refusal.Add("header Range", "ends before it begins: " + Shown(*header));
    return std::nullopt;
  }
  return ItemRange{.first = *first, .last = last};
}

}  // namespace tidemill::queries
