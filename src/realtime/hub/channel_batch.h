// ChannelBatch: publications of a channel that are held back for a moment, so that they go out together, or
// only the newest of them does.
//
// Once for all subscribers of the loop, whoever they are. What may not wait (a subscriber that comes, a join,
// a leave, a loss) has the hub take what is held first: the order of a channel stays.
//
// Loop thread only. Ends before the hub.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "metrics/metrics.h"
#include "net/loop.h"
#include "net/timer_wheel.h"
#include "realtime/broker/broker.h"

namespace tidemill::hub {

struct BatchOptions {
  std::uint32_t size = 0;  // publications; 0: any number
  Duration delay{};        // of the first of them; 0: as long as it takes to have `size`
  bool latest = false;     // only the newest, of a map the newest of each key
  bool enabled() const { return size > 1 || delay.ms > 0; }
  friend bool operator==(const BatchOptions&, const BatchOptions&) = default;
};

// What all channels of a hub hold together.
struct HeldBytes {
  // Of one channel, and of all: over it they do not wait.
  static constexpr std::size_t kOfChannelMax = 256 * 1024;
  static constexpr std::size_t kMax = std::size_t{64} << 20;
  std::size_t bytes = 0;
  metrics::Gauge& gauge;
  metrics::Counter& skipped;
};

class ChannelBatch final : private net::Timer {
 public:
  // `due`: the delay is over.
  ChannelBatch(net::Loop& loop, HeldBytes& held_of_all, std::function<void()> due)
      : loop_(loop), of_all_(held_of_all), due_(std::move(due)) {}
  ~ChannelBatch() override { (void)Take(); }
  ChannelBatch(const ChannelBatch&) = delete;
  ChannelBatch& operator=(const ChannelBatch&) = delete;

  void SetOptions(const BatchOptions& options) { options_ = options; }
  // Whether what is held is to go out now.
  bool Hold(const broker::PublicationPtr& publication);
  // All that is held, the oldest first.
  std::vector<broker::PublicationPtr> Take();

 private:
  void OnTimer() override { due_(); }
  void SkipOlder(const broker::Publication& newer);
  void Count(std::int64_t bytes);

  net::Loop& loop_;
  HeldBytes& of_all_;
  const std::function<void()> due_;
  BatchOptions options_;
  std::vector<broker::PublicationPtr> held_;
  std::uint32_t came_ = 0;  // since the last Take
  std::size_t bytes_ = 0;
};

}  // namespace tidemill::hub
