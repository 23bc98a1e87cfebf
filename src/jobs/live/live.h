// Live: what becomes of jobs, as publications in the channels jobs:{jid}, queue:{name} and batch:{id}.
//
// A channel gets its latest state ten times a second at most. Only channels cost anything to which somebody
// is subscribed, or whose namespace keeps a history; where other nodes may have subscribers that this one
// does not know of, every channel is taken while there is room. A namespace that is not configured has no
// channels.
//
// Loop thread only: the engine's, whose listener it is.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/clock.h"
#include "jobs/engine/changes.h"
#include "jobs/live/change.h"
#include "jobs/live/coalescer.h"
#include "metrics/metrics.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "net/timer_wheel.h"
#include "realtime/broker/broker.h"
#include "realtime/broker/publisher.h"

namespace tidemill::live {

inline constexpr std::string_view kJobChannel = "jobs:";
inline constexpr std::string_view kQueueChannel = "queue:";
inline constexpr std::string_view kBatchChannel = "batch:";
// Whether it may be one of these channels.
bool IsLiveChannel(std::string_view channel);

enum class OtherNodes : std::uint8_t { kNone, kMaySubscribe };

class Live final : public jobs::JobListener, private net::Timer {
 public:
  struct Surroundings {
    net::Loop& loop;
    broker::Publisher& publisher;  // of that loop
    metrics::Registry& registry;
    OtherNodes other_nodes = OtherNodes::kNone;
    // A queue and a batch as they are when their state goes out; "": it is not there. JSON.
    std::function<std::string(std::string_view)> queue;
    std::function<std::string(std::string_view)> batch;
  };
  struct Limits {
    Duration interval = Milliseconds(100);
    std::size_t channels_max = 50'000;     // held at once, of an interval
    std::size_t unsubscribed_max = 2'000;  // of which nobody is known to be subscribed
    std::size_t publishes_max = 10'000;    // that wait for the broker
  };
  // All that is borrowed outlives it.
  Live(const Surroundings& surroundings, Limits limits);

  void OnChange(const jobs::JobChange& change) override;
  void OnBatchChange(std::string_view bid) override;
  // The first subscription of this node to a channel came, or the last one went.
  void SetOccupied(std::string channel, bool occupied);

  std::size_t channels() const { return coalescer_.held(); }

 private:
  void OnTimer() override;
  bool IsKept(std::string_view channel) const;
  std::size_t RoomFor(std::string_view channel) const;
  void Take(std::string_view prefix, std::string_view name, const jobs::JobChange* change);
  void Publish(std::string_view channel, const Change& change);
  std::string DataOf(std::string_view channel, const Change& change) const;
  static Task<void> Send(Live& live, broker::PublishCall call);

  const Surroundings at_;
  const Limits limits_;
  metrics::Counter& published_;
  metrics::Counter& dropped_;
  Coalescer<Change> coalescer_;
  std::unordered_set<std::string, StringHash, std::equal_to<>> occupied_;
  std::string channel_;  // the last that was looked at: its memory is used again
  TaskScope scope_;
};

// Tells Live which channels have subscriptions. One for all loops that own channels, made before they run; it
// and Live outlive them.
class OccupancyRelay final : public broker::OccupancyEvents {
 public:
  OccupancyRelay(net::Loop& live_loop, Live& live) : live_loop_(live_loop), live_(live) {}

  void OnOccupied(const broker::ChannelName& channel) override { Tell(channel, true); }
  void OnVacated(const broker::ChannelName& channel) override { Tell(channel, false); }

 private:
  void Tell(const broker::ChannelName& channel, bool occupied);

  net::Loop& live_loop_;
  Live& live_;
};

}  // namespace tidemill::live
