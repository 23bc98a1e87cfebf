// BufferBudget: what the buffers of all HTTP and WebSocket connections of the process take together: requests
// and messages that have not arrived whole, and HTTP answers that their clients have not taken.
//
// Strangers together have half of it: connections whose last request was not let in by a handler that knows
// whom it lets in, and WebSockets whose client has not connected. What they send and leave unread can never
// use up the other half. A buffer counts with the memory it takes; small ones do not count. Any thread, but
// for the shares: each is one connection's.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "metrics/metrics.h"

namespace tidemill::http {

enum class BufferOwner : std::uint8_t { kStranger, kAdmitted };

class BufferBudget {
 public:
  BufferBudget(std::size_t bytes_max, metrics::Registry& registry);
  BufferBudget(const BufferBudget&) = delete;
  BufferBudget& operator=(const BufferBudget&) = delete;

  std::size_t bytes_max() const { return bytes_max_; }
  std::size_t used_bytes() const { return used_bytes_.load(std::memory_order_relaxed); }
  // Counts one that was refused.
  void CountRefusal() { refused_.Add(); }

 private:
  friend class BufferShare;
  bool Take(std::size_t bytes, BufferOwner owner);
  void GiveBack(std::size_t bytes, BufferOwner owner);

  const std::size_t bytes_max_;
  std::atomic<std::size_t> used_bytes_{0};
  std::atomic<std::size_t> strangers_bytes_{0};  // of them
  metrics::Counter& refused_;
};

// What one connection has of it.
class BufferShare {
 public:
  // Buffers up to this much together do not count.
  static constexpr std::size_t kFreeBytes = 8 * 1024;

  explicit BufferShare(BufferBudget* budget) : budget_(budget) {}  // null: there is no limit
  BufferShare(const BufferShare&) = delete;
  BufferShare& operator=(const BufferShare&) = delete;
  ~BufferShare() { (void)Resize(0, owner_); }

  // From now on the connection's buffers take `bytes`, and are that owner's. False: there is no room for
  // more, and the connection must give them up. Less is always granted to the same owner.
  [[nodiscard]] bool Resize(std::size_t bytes, BufferOwner owner);

 private:
  BufferBudget* const budget_;
  std::size_t counted_ = 0;
  BufferOwner owner_ = BufferOwner::kStranger;
};

}  // namespace tidemill::http
