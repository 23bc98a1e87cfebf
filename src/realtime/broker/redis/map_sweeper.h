// MapSweeper: has Redis remove the keys of map channels when their time is over.
//
// A loop watches the channels whose keys it published, whose state it read, and which it follows (those of
// maps whose keys expire), as long as they have keys that expire; several may watch one, and the first to
// come removes a key for all. So keys expire in time while a node lives that has to do with the channel. For
// the others the next read of the state removes them.
//
// Loop thread only.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/clock.h"
#include "net/loop.h"
#include "net/task_scope.h"
#include "realtime/broker/redis/map_store.h"

namespace tidemill::broker::redis_broker {

class MapSweeper final : private net::Timer {
 public:
  // Expiries asked for at once.
  static constexpr std::size_t kSweepsMax = 64;

  // Both must outlive it.
  MapSweeper(net::Loop& loop, MapStore& store) : loop_(loop), store_(store) {}
  MapSweeper(const MapSweeper&) = delete;
  MapSweeper& operator=(const MapSweeper&) = delete;

  // A key expires then, or an earlier one is known of.
  void Watch(const ChannelName& channel, Duration in);
  // Some key may expire: finds out when, unless the channel is watched already.
  void FindOut(const ChannelName& channel);

  std::size_t channels() const { return watched_.size(); }

 private:
  struct Watched {
    MonotonicTime due;
    bool is_swept = false;
    std::optional<MonotonicTime> asked_meanwhile;  // the sweep may not have seen the key of that Watch
  };

  void OnTimer() override { SweepDue(); }
  void SweepDue();
  void Arm();
  void SetDue(const ChannelName& channel, MonotonicTime due);
  Task<void> Sweep(ChannelName channel);

  net::Loop& loop_;
  MapStore& store_;
  std::unordered_map<ChannelName, Watched> watched_;
  std::set<std::pair<MonotonicTime, ChannelName>> by_due_;  // without those that are being swept
  std::size_t sweeps_ = 0;
  TaskScope scope_;  // last: its tasks refer to all above
};

}  // namespace tidemill::broker::redis_broker
