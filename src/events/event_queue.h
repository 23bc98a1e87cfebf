// EventQueue: what a node has to tell of its channels and clients, in lanes: what concerns a channel, or a
// connection, is in one lane and in order.
//
// Of a channel it keeps what is and what was told, and not each change: a channel that is occupied and
// vacated again before anybody was told is not told of, so that neither a client that comes and goes nor an
// endpoint that is down makes the queue grow. That a channel is vacated counts after a while in which nobody
// came back. Events of clients are a queue with a limit, of which one user has a share.
//
// Without I/O and without a clock of its own. Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/log_limit.h"
#include "events/event.h"
#include "events/metrics.h"
#include "events/target.h"

namespace tidemill::events {

struct QueueLimits {
  std::size_t lanes = 8;
  Duration vacated_delay = Seconds(5);
  std::size_t channels_max = 1'000'000;
  std::size_t waiting_max = 100'000;  // events of clients
  std::size_t waiting_bytes_max = std::size_t{64} << 20;
  std::size_t batch_max = 1000;
  std::size_t batch_bytes_max = 256 * 1024;
  std::size_t per_user_max() const { return waiting_max / 10 + 1; }
};

class EventQueue {
 public:
  // `wake` is called when a lane has something to take, which had nothing. `id` is in the id of each batch.
  EventQueue(std::string id, QueueLimits limits, Metrics& metrics, std::function<void(std::size_t)> wake);
  ~EventQueue();
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  struct Moment {
    WallTime wall;
    MonotonicTime now;
  };
  void SetOccupied(std::string_view channel, Moment at);
  void SetVacated(std::string_view channel, Moment at);
  void Add(const ClientEvent& event, Moment at);

  // When a channel's delay is over next.
  std::optional<MonotonicTime> NextDelayEnd() const;
  // Ends some of the delays that are over; those that remain are over too when NextDelayEnd says so.
  void EndDelays(Moment at);
  // From now on nothing is delayed, and what is over by now is.
  void StopDelaying() { limits_.vacated_delay = Duration{}; }

  // What the lane has to tell: at most limits.batch_max. The next is taken when this one was delivered.
  Batch Take(std::size_t lane);
  void Delivered(const Batch& batch);

  // Nobody knows any more what was told: all channels that are occupied are told again. Some in each call of
  // TellAgain, until it has come to all of them.
  void Forget() { forgetting_from_ = std::string(); }
  bool forgetting() const { return forgetting_from_.has_value(); }
  void TellAgain();

  std::size_t lanes() const { return lanes_.size(); }
  std::size_t channels() const { return channels_.size(); }
  std::size_t waiting() const { return waiting_; }
  bool idle() const { return waiting_ == 0 && in_flight_ == 0 && delayed_.empty() && !forgetting(); }

 private:
  struct Channel;
  struct Entry {
    Channel* channel = nullptr;  // null: of a client
    EventType type = EventType::kOccupied;
    std::string json{};
    std::string user{};
  };
  struct Lane {
    std::list<Entry> entries;
    std::vector<Channel*> sending;
    std::uint64_t taken = 0;
  };
  struct Channel {
    const std::string* name = nullptr;  // the key under which it is kept
    std::size_t lane = 0;
    bool is_occupied = false;
    bool is_told = false;     // that it is occupied
    bool is_sending = false;  // a batch that was taken tells that it is occupied, or not: will_be_told
    bool will_be_told = false;
    WallTime since{};  // is_occupied
    MonotonicTime delayed_until{};
    std::optional<std::list<Entry>::iterator> entry;
    std::optional<std::list<Channel*>::iterator> delay;
  };

  std::size_t LaneOf(std::string_view name) const;
  void Set(Channel& channel, bool is_occupied, WallTime since);
  // Puts it into its lane, takes it out, or forgets it, whichever follows from what is and what was told.
  void Settle(Channel& channel);
  void EndDelay(Channel& channel);
  std::list<Entry>::iterator Push(std::size_t lane, Entry entry);
  // Out of its lane. Gives it.
  Entry Pull(std::size_t lane, std::list<Entry>::iterator entry);
  void Lose(Loss loss, MonotonicTime now);

  const std::string id_;
  QueueLimits limits_;
  Metrics& metrics_;
  const std::function<void(std::size_t)> wake_;
  std::vector<Lane> lanes_;
  std::map<std::string, Channel, std::less<>> channels_;
  std::list<Channel*> delayed_;  // the one that ends first in front
  std::unordered_map<std::string, std::size_t> of_user_;
  std::size_t waiting_ = 0;  // entries of all lanes
  std::size_t client_events_ = 0;
  std::size_t client_bytes_ = 0;
  std::size_t in_flight_ = 0;                   // batches
  std::optional<std::string> forgetting_from_;  // the channel that is next
  log::LogLimit losses_;
};

}  // namespace tidemill::events
