// Poller: the shared polls of the channels that this loop owns: it asks the service about the keys that some
// loop tracks, and tells these loops what has changed.
//
// Each channel has one question under way at most. In an interval all its keys are asked about, in batches
// that are spread over it; a key of which somebody has no data yet is asked about at once. A service that is
// slower than the interval is asked as fast as it answers. Where there is no answer, the next question is
// that of the next interval.
//
// Loop thread only. Its tasks run in the scope that it is given, which ends before it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/log_limit.h"
#include "base/text_hash.h"
#include "net/loop.h"
#include "net/task_scope.h"
#include "realtime/channels/rules.h"
#include "realtime/polls/poll_loops.h"
#include "realtime/polls/source.h"

namespace tidemill::polls {

class Poller {
 public:
  struct Surroundings {
    net::Loop& loop;
    PollLoops& loops;
    TaskScope& scope;
    std::function<const channels::Rules&()> rules;  // that are in force
    Source* source = nullptr;                       // null: there is no answer
  };

  explicit Poller(Surroundings surroundings);
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // PollLoops's: what loops begin to track, and what they track no more.
  void Track(std::size_t loop, const std::string& channel, std::vector<Interest> interests);
  void Untrack(std::size_t loop, const std::string& channel, const std::vector<std::string>& keys);

  std::size_t channels() const { return channels_.size(); }

 private:
  class Channel;

  void Remove(const Channel& channel);
  // A line of the log, at most one a second: a change is over shared_poll.data_max_size.
  void Complain(std::string_view channel);
  // Later than all before, and a number that JavaScript can hold.
  std::uint64_t NextVersion();

  const Surroundings with_;
  std::uint64_t last_version_ = 0;
  log::LogLimit complaints_;
  std::unordered_map<std::string, std::shared_ptr<Channel>, TextHash, std::equal_to<>> channels_;
};

}  // namespace tidemill::polls
