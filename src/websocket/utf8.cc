#include "websocket/utf8.h"

#include <cstring>

namespace tidemill::websocket {
namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080;

// Gives the first byte that is not ASCII, or `end`.
const char* SkipAscii(const char* at, const char* end) {
  while (end - at >= 32) {
    std::uint64_t words[4];
    std::memcpy(words, at, sizeof words);
    if (((words[0] | words[1] | words[2] | words[3]) & kHighBits) != 0) break;
    at += 32;
  }
  while (end - at >= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    if ((word & kHighBits) != 0) break;
    at += 8;
  }
  while (at != end && static_cast<std::uint8_t>(*at) < 0x80) ++at;
  return at;
}

}  // namespace

// RFC 3629 section 4: the second byte's range excludes overlong forms, surrogates and what is over U+10FFFF.
bool Utf8Checker::Begin(std::uint8_t lead) {
  lowest_ = 0x80;
  highest_ = 0xbf;
  if (lead >= 0xc2 && lead <= 0xdf) {
    needed_ = 1;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    needed_ = 2;
    if (lead == 0xe0) lowest_ = 0xa0;
    if (lead == 0xed) highest_ = 0x9f;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    needed_ = 3;
    if (lead == 0xf0) lowest_ = 0x90;
    if (lead == 0xf4) highest_ = 0x8f;
  } else {
    return false;
  }
  return true;
}

bool Utf8Checker::Feed(std::string_view piece) {
  const char* at = piece.data();
  const char* const end = at + piece.size();
  Utf8Checker state = *this;  // a local, so that it may live in registers
  while (at != end) {
    const auto byte = static_cast<std::uint8_t>(*at);
    if (state.needed_ != 0) {
      if (byte < state.lowest_ || byte > state.highest_) return false;
      --state.needed_;
      state.lowest_ = 0x80;
      state.highest_ = 0xbf;
      ++at;
    } else if (byte < 0x80) {
      at = SkipAscii(at, end);
    } else {
      if (!state.Begin(byte)) return false;
      ++at;
    }
  }
  *this = state;
  return true;
}

}  // namespace tidemill::websocket
