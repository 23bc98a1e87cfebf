// ParseSearch: what a person types into the search box, as words and filters.
//
//   from:ada in:general before:2026-01-01 after:2025-12-01 has:link has:file word "a phrase"
//
// A filter may stand several times; its value may be in quotes. What looks like a filter and is none
// ("http://…") is a word. Days are those of UTC: before a day is before it begins, after a day is after it
// has ended. Pure; any thread.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace tidemill::chat {

struct SearchQuery {
  std::vector<std::string> phrases;  // words one by one; what stood in quotes as a whole
  std::vector<std::string> from;     // usernames, without @
  std::vector<std::string> in;       // names of rooms, without #
  std::optional<WallTime> before;    // not at that time or later
  std::optional<WallTime> since;     // at that time or later
  bool has_link = false;
  bool has_file = false;
  bool empty() const;
  friend bool operator==(const SearchQuery&, const SearchQuery&) = default;
};

inline constexpr std::size_t kSearchBytesMax = 1'000;
inline constexpr std::size_t kSearchPhrasesMax = 16;
inline constexpr std::size_t kSearchNamesMax = 10;  // of each filter

// The error is a sentence for who typed it.
std::expected<SearchQuery, std::string> ParseSearch(std::string_view text);

}  // namespace tidemill::chat
