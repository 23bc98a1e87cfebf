// The cursors of pages: a text and an id behind which the next page begins, as base64url.
//
// Functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "chat/store/refusal.h"

namespace tidemill::chat {

struct PagePosition {
  std::string key;
  std::string id;
  friend bool operator==(const PagePosition&, const PagePosition&) = default;
};

std::string CursorOf(const PagePosition& position);
// Before all, for "". kInvalid: it is no cursor.
Outcome<PagePosition> ParseCursor(std::string_view cursor);

// For what is ordered by descending numbers: 2^63 - 1 for "".
std::string CursorOf(std::int64_t number);
Outcome<std::int64_t> ParseNumberCursor(std::string_view cursor);

// `text` anywhere, for LIKE with '\' as its escape character; in ASCII small letters.
std::string LikePattern(std::string_view text);

}  // namespace tidemill::chat
