// Utf8Checker: is a text that arrives in pieces valid UTF-8 (RFC 3629)? RFC 6455 section 8.1 wants the
// answer.
//
// For a text that is there as a whole, base/utf8.h has IsUtf8. Knows nothing of frames. Fails at the first
// byte that no valid text could have there, so that a bad message is refused before its end arrives.
#pragma once

#include <cstdint>
#include <string_view>

namespace tidemill::websocket {

class Utf8Checker {
 public:
  // False: a byte of `piece` is wrong where it stands; ask no further.
  bool Feed(std::string_view piece);
  // Whether the text could end here: no character is cut in two.
  bool complete() const { return needed_ == 0; }

 private:
  bool Begin(std::uint8_t lead);

  std::uint8_t needed_ = 0;      // bytes missing of the current character
  std::uint8_t lowest_ = 0x80;   // what the next of them may be
  std::uint8_t highest_ = 0xbf;  //
};
}  // namespace tidemill::websocket
