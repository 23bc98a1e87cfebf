// RecentCommands: the commands of other nodes that were taken up, so that a command that comes twice acts
// once.
//
// Remembers each for kKept, which is longer than a node sends it again. Loop 0 only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/result.h"
#include "cluster/bus.h"
#include "cluster/room.h"

namespace tidemill::cluster {

class RecentCommands {
 public:
  static constexpr std::size_t kCommandsMax = 100'000;
  static constexpr Duration kKept = Seconds(5);

  using Key = std::pair<NodeId, std::uint64_t>;  // the sender, and its id for the command

  // kNew: from now on the command is known. kFull: there are as many as `room` has; it is not kept and must
  // not be carried out.
  enum class Taken : std::uint8_t { kNew, kKnown, kFull };
  Taken Take(const Key& key, MonotonicTime now, Room room);
  void SetResult(const Key& key, const Result<void>& result);
  // nullopt: it is being carried out.
  std::optional<Result<void>> ResultOf(const Key& key) const;

 private:
  std::map<Key, std::optional<Result<void>>> results_;
  std::deque<std::pair<MonotonicTime, Key>> by_age_;
};

}  // namespace tidemill::cluster
