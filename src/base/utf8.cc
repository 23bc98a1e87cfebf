#include "base/utf8.h"

#include <cstdint>
#include <cstring>

#include "base/assert.h"

namespace tidemill {

std::size_t Utf8SequenceLength(std::string_view text) {
  if (text.empty()) return 0;
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const std::size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (text.size() < length) return 0;
  // The second byte's range excludes overlong forms, surrogates and values over U+10FFFF (table 3-7 of
  // Unicode).
  const auto second = static_cast<unsigned char>(text[1]);
  const unsigned low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const unsigned high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (!IsUtf8Continuation(text[i])) return 0;
  }
  return length;
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    std::uint64_t block = 0;
    if (text.size() >= sizeof(block)) {
      std::memcpy(&block, text.data(), sizeof(block));
      if ((block & 0x8080808080808080u) == 0) {
        text.remove_prefix(sizeof(block));
        continue;
      }
    }
    const std::size_t length = Utf8SequenceLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string_view CutUtf8(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  // A sequence that holds the cut starts at most three bytes before it.
  for (std::size_t back = 1; back <= 3 && back <= bytes_max; ++back) {
    const std::size_t start = bytes_max - back;
    if (Utf8SequenceLength(text.substr(start)) > back) return text.substr(0, start);
  }
  return text.substr(0, bytes_max);
}

void AppendUtf8(char32_t code_point, std::string& out) {
  TM_ASSERT(code_point <= 0x10ffff && (code_point < 0xd800 || code_point > 0xdfff));
  const auto low_bits = [code_point](unsigned shift) {
    return static_cast<char>(0x80 | ((code_point >> shift) & 0x3f));
  };
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    out += static_cast<char>(0xc0 | (code_point >> 6));
    out += low_bits(0);
  } else if (code_point < 0x10000) {
    out += static_cast<char>(0xe0 | (code_point >> 12));
    out += low_bits(6);
    out += low_bits(0);
  } else {
    out += static_cast<char>(0xf0 | (code_point >> 18));
    out += low_bits(12);
    out += low_bits(6);
    out += low_bits(0);
  }
}

}  // namespace tidemill
