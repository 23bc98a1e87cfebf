// PollLoops: the shared polls of a node: the way between the loop where a key is tracked and the one that
// asks about it, and the limits that all have in common.
//
// Made before the loops run, and outlives them. Any thread, but for Join.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "metrics/metrics.h"
#include "net/loop.h"
#include "realtime/polls/metrics.h"
#include "realtime/polls/settings.h"
#include "realtime/protocol/messages.h"

namespace tidemill::polls {

class Poller;
class Polls;

// A number of something with a limit, over all loops.
class Budget {
 public:
  Budget(std::uint64_t max, metrics::Gauge& taken, metrics::Counter& refused)
      : max_(max), gauge_(taken), refused_(refused) {}

  // Nothing is taken where not all of it is there.
  bool Take(std::uint64_t count);
  void Give(std::uint64_t count);
  // In place of `before`, which was taken. What is not more is always taken.
  bool Replace(std::uint64_t before, std::uint64_t after);

 private:
  const std::uint64_t max_;
  std::atomic<std::uint64_t> taken_ = 0;
  metrics::Gauge& gauge_;
  metrics::Counter& refused_;
};

// A key that a loop begins to track.
struct Interest {
  std::string key;
  bool wants_now = false;  // somebody has no data of it
};

// What a loop is told of a channel in which it tracks keys.
struct Update {
  std::string channel;
  std::string epoch;  // another one than before: what was known is void
  std::vector<protocol::PublicationPtr> changes;
};

class PollLoops {
 public:
  PollLoops(std::vector<net::Loop*> loops, const PollSettings& settings, metrics::Registry& registry);
  PollLoops(const PollLoops&) = delete;
  PollLoops& operator=(const PollLoops&) = delete;

  // Before the loops run, once for each. Both outlive the loops' runs.
  void Join(std::size_t index, Polls& polls, Poller& poller) { members_[index] = {&polls, &poller}; }

  // On their way, in the order of the calls.
  void Track(std::size_t from, const std::string& channel, std::vector<Interest> interests);
  void Untrack(std::size_t from, const std::string& channel, std::vector<std::string> keys);
  void Tell(std::size_t loop, Update update);

  // Of versions that this node makes.
  const std::string& own_epoch() const { return own_epoch_; }
  PollMetrics& metrics() { return metrics_; }

 private:
  struct Member {
    Polls* polls = nullptr;
    Poller* poller = nullptr;
  };
  std::size_t OwnerOf(std::string_view channel) const;

  const std::vector<net::Loop*> loops_;
  std::vector<Member> members_;
  const std::string own_epoch_ = RandomLetters(8);
  PollMetrics metrics_;

 public:
  Budget keys;
  Budget tracked;
  Budget data_bytes;
};

}  // namespace tidemill::polls
