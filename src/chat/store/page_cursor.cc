#include "chat/store/page_cursor.h"

#include <limits>
#include <optional>

#include "base/ascii.h"
#include "base/base64.h"
#include "base/utf8.h"
#include "chat/store/ids.h"

namespace tidemill::chat {
namespace {

std::unexpected<Refusal> NoCursor() {
  return Refuse(Code::kInvalid, "give the cursor of a page, as it was, or none", "cursor");
}

}  // namespace

std::string CursorOf(const PagePosition& position) {
  return Base64Encode(position.key + '\n' + position.id, Base64::kUrl);
}

Outcome<PagePosition> ParseCursor(std::string_view cursor) {
  if (cursor.empty()) return PagePosition{};
  const std::optional<std::string> text = Base64Decode(cursor, Base64::kUrl);
  if (!text || text->contains('\0') || !IsUtf8(*text)) return NoCursor();
  const std::size_t line_break = text->rfind('\n');
  if (line_break == text->npos) return NoCursor();
  return PagePosition{.key = text->substr(0, line_break), .id = text->substr(line_break + 1)};
}

std::string CursorOf(std::int64_t number) { return std::to_string(number); }

Outcome<std::int64_t> ParseNumberCursor(std::string_view cursor) {
  if (cursor.empty()) return std::numeric_limits<std::int64_t>::max();
  const std::optional<std::int64_t> number = ParseIdNumber(cursor);
  if (!number) return NoCursor();
  return *number;
}

std::string LikePattern(std::string_view text) {
  std::string pattern = "%";
  for (const char c : ToLower(text)) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + '%';
}

}  // namespace tidemill::chat
