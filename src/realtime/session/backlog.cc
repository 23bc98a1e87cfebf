#include "realtime/session/backlog.h"

#include <utility>

namespace tidemill::session {

bool Backlog::Push(std::string_view frame) {
  const std::size_t bytes = frame.size() + kFrameOverheadBytes;
  if (bytes > kBytesMax - bytes_) return false;
  if (!share_.Resize(bytes_ + bytes, http::BufferOwner::kAdmitted)) {
    buffers_->CountRefusal();
    return false;
  }
  bytes_ += bytes;
  frames_.emplace_back(frame);
  return true;
}

std::optional<std::string> Backlog::Pop() {
  if (frames_.empty()) return std::nullopt;
  std::string frame = std::move(frames_.front());
  frames_.pop_front();
  bytes_ -= frame.size() + kFrameOverheadBytes;
  (void)share_.Resize(bytes_, http::BufferOwner::kAdmitted);
  return frame;
}

}  // namespace tidemill::session
