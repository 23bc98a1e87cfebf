// StreamPool: what the streams of one loop share, so that none of them owns it while idle: buffers for
// pending bytes, the room where a TLS record is gathered, and the list of streams to flush at the turn's end.
//
// When that list is more than a turn has time for, its rest comes in the next turns, in order. Those who ask
// meanwhile go before the rest, for half of the time.
//
// Loop thread only.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/loop.h"

namespace tidemill::net {

class Stream;

// Bytes queued on a stream, of which the kernel took the first `sent`.
struct PendingBytes {
  std::string bytes;
  std::size_t sent = 0;

  std::string_view rest() const { return std::string_view(bytes).substr(sent); }
  void Append(std::string_view more);
};

class StreamPool final : public TurnEndHook {
 public:
  static constexpr std::size_t kRecordBytesMax = 16 * 1024;  // RFC 8446 section 5.1
  static constexpr std::size_t kSparesMax = 64;
  static constexpr std::size_t kSpareBytesMax = 16 * 1024;  // larger buffers are freed, not kept

  explicit StreamPool(Loop& loop) : loop_(loop) {}
  ~StreamPool();

  std::unique_ptr<PendingBytes> Take();
  void GiveBack(std::unique_ptr<PendingBytes> pending);

  // Calls stream.FlushQueued() at the end of this turn, or soon after it. The stream notes that it asked.
  void FlushAtTurnEnd(Stream& stream);
  void Forget(Stream& stream);

  // kRecordBytesMax bytes, borrowed until the caller returns to the loop.
  std::span<char> record_buffer();

  std::size_t spares() const { return spares_.size(); }
  void OnTurnEnd() override;

 private:
  Loop& loop_;
  std::vector<std::unique_ptr<PendingBytes>> spares_;
  // In the order in which they asked; null: forgotten.
  std::vector<Stream*> to_flush_;
  std::deque<Stream*> late_;  // asked in an earlier turn
  std::unique_ptr<char[]> record_buffer_;
};

}  // namespace tidemill::net
