#include "net/stream_pool.h"

#include <algorithm>
#include <utility>

#include "net/stream.h"

namespace tidemill::net {

void PendingBytes::Append(std::string_view more) {
  // Moves the rest to the front only when as much was sent, so that each byte is moved once on average.
  if (sent > 0 && sent >= bytes.size() - sent) {
    bytes.erase(0, sent);
    sent = 0;
  }
  bytes.append(more);
}

StreamPool::~StreamPool() = default;

std::unique_ptr<PendingBytes> StreamPool::Take() {
  if (spares_.empty()) return std::make_unique<PendingBytes>();
  std::unique_ptr<PendingBytes> pending = std::move(spares_.back());
  spares_.pop_back();
  return pending;
}

void StreamPool::GiveBack(std::unique_ptr<PendingBytes> pending) {
  if (spares_.size() == kSparesMax || pending->bytes.capacity() > kSpareBytesMax) return;
  pending->bytes.clear();
  pending->sent = 0;
  spares_.push_back(std::move(pending));
}

void StreamPool::FlushAtTurnEnd(Stream& stream) {
  if (to_flush_.empty()) loop_.ArmTurnEnd(TurnEndRank::kStreams, *this);
  to_flush_.push_back(&stream);
}

void StreamPool::Forget(Stream& stream) {
  std::ranges::replace(to_flush_, &stream, nullptr);
  std::ranges::replace(flushing_, &stream, nullptr);
}

std::span<char> StreamPool::record_buffer() {
  if (!record_buffer_) record_buffer_ = std::make_unique_for_overwrite<char[]>(kRecordBytesMax);
  return {record_buffer_.get(), kRecordBytesMax};
}

void StreamPool::OnTurnEnd() {
  flushing_.swap(to_flush_);
  for (std::size_t i = 0; i < flushing_.size(); ++i) {
    if (flushing_[i] != nullptr) flushing_[i]->FlushQueued();
  }
  flushing_.clear();
}

}  // namespace tidemill::net
