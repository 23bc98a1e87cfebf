#include "load/frame_walk.h"

#include <algorithm>

#include "load/wire.h"

namespace load {
namespace {

// Bytes of the length that follows the two first bytes.
std::size_t LengthBytes(const std::string& header) {
  const int length = header[1] & 127;
  return length == 126 ? 2 : length == 127 ? 8 : 0;
}

std::size_t PayloadBytes(const std::string& header) {
  if (header.size() == 2) return static_cast<std::size_t>(header[1] & 127);
  std::size_t length = 0;
  for (std::size_t at = 2; at < header.size(); ++at)
    length = length << 8 | static_cast<unsigned char>(header[at]);
  return length;
}

}  // namespace

bool FrameWalk::Closes(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t skipped = std::min(to_skip_, bytes.size());
    to_skip_ -= skipped;
    bytes.remove_prefix(skipped);
    while (!bytes.empty() && (header_.size() < 2 || header_.size() < 2 + LengthBytes(header_))) {
      header_ += bytes.front();
      bytes.remove_prefix(1);
    }
    if (header_.size() < 2 || header_.size() < 2 + LengthBytes(header_)) continue;
    if ((header_[0] & 15) == kCloseFrame) return true;
    to_skip_ = PayloadBytes(header_);
    header_.clear();
  }
  return false;
}

}  // namespace load
