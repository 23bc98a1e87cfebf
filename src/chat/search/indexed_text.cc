#include "chat/search/indexed_text.h"

#include <algorithm>
#include <cstddef>

#include "base/utf8.h"

namespace tidemill::chat {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};
constexpr Range kAlone[] = {
    {0x3040, 0x30ff}, {0x3400, 0x4dbf}, {0x4e00, 0x9fff}, {0xac00, 0xd7af}, {0xf900, 0xfaff}};

// All of them have three bytes: 1110xxxx 10xxxxxx 10xxxxxx.
char32_t CodePointOfThree(std::string_view bytes) {
  const auto bits = [&bytes](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(bytes[i]));
  };
  return ((bits(0) & 0x0f) << 12) | ((bits(1) & 0x3f) << 6) | (bits(2) & 0x3f);
}

}  // namespace

bool StandsAlone(char32_t code_point) {
  return std::ranges::any_of(kAlone, [code_point](const Range& range) {
    return code_point >= range.first && code_point <= range.last;
  });
}

std::string IndexedText(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = std::max<std::size_t>(1, Utf8SequenceLength(text));
    const std::string_view character = text.substr(0, length);
    const bool alone = length == 3 && StandsAlone(CodePointOfThree(character));
    if (alone) out += ' ';
    out += character;
    if (alone) out += ' ';
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace tidemill::chat
