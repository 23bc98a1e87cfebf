// Follows the frames that a server sends without keeping them, to see the one that closes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace load {

class FrameWalk {
 public:
  // Whether a close frame is among what these bytes begin.
  bool Closes(std::string_view bytes);

 private:
  std::string header_;       // of the next frame, not whole yet
  std::size_t to_skip_ = 0;  // of the payload
};

}  // namespace load
