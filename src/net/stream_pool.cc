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
  std::ranges::replace(late_, &stream, nullptr);
}

std::span<char> StreamPool::record_buffer() {
  if (!record_buffer_) record_buffer_ = std::make_unique_for_overwrite<char[]>(kRecordBytesMax);
  return {record_buffer_.get(), kRecordBytesMax};
}

void StreamPool::OnTurnEnd() {
  const Micros share = loop_.HookShare();
  const Micros for_late = late_.empty() ? 0 : share / 2;
  TurnSlice slice = loop_.BeginSlice(share);
  std::size_t flushed = 0;
  while (flushed < to_flush_.size()) {
    Stream* const stream = to_flush_[flushed++];
    if (stream != nullptr) stream->FlushQueued();
    if (slice.IsOver(for_late)) break;
  }
  const std::size_t late = late_.size();
  late_.insert(late_.end(), to_flush_.begin() + static_cast<std::ptrdiff_t>(flushed), to_flush_.end());
  to_flush_.clear();
  for (std::size_t left = late; left > 0; --left) {
    Stream* const stream = late_.front();
    late_.pop_front();
    if (stream != nullptr) stream->FlushQueued();
    if (slice.IsOver()) break;
  }
  if (!late_.empty()) loop_.ArmNextTurnEnd(TurnEndRank::kStreams, *this);
}

}  // namespace tidemill::net
