// HeldLanes: lanes whose first entry could not leave, and when it is tried again.
//
// An attempt counts against an entry only when its sink has sent something else since the one before: while a
// sink is away nothing is given up. Loop thread only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "outbox/entry.h"

namespace tidemill::outbox {

struct HeldLane {
  std::int64_t entry = 0;
  std::uint32_t attempts = 0;     // that count
  std::uint64_t sent_before = 0;  // by its sink
  Duration pause{};
  MonotonicTime retry_at;
  std::string why;
};

class HeldLanes {
 public:
  static constexpr std::size_t kMax = 1000;  // nothing is read while there are more
  static constexpr Duration kPauseFirst = Milliseconds(50);

  // `attempts_max`: of those that count; a further one gives the entry up.
  HeldLanes(std::uint32_t attempts_max, Duration pause_max)
      : attempts_max_(attempts_max), pause_max_(pause_max) {}

  // After a failure. False: the entry has had its attempts, and its lane is let go.
  bool Hold(const std::string& lane, const Entry& entry, std::uint64_t sent_by_sink, std::string why,
            MonotonicTime now);
  // Its first entry has left, or was parked.
  void LetGo(std::string_view lane);
  // Nothing of those lanes that may be read is there any more: somebody else took it out.
  void LetGoOfDue(MonotonicTime now);
  void Clear() { lanes_.clear(); }

  bool IsFull() const { return lanes_.size() > kMax; }
  // Those that are not to be read now.
  std::vector<std::string> Names(MonotonicTime now) const;
  // When the next one is to be tried.
  std::optional<MonotonicTime> NextAt() const;
  // All are tried at once: somebody has mended something.
  void HurryUp();
  const std::map<std::string, HeldLane, std::less<>>& all() const { return lanes_; }

 private:
  const std::uint32_t attempts_max_;
  const Duration pause_max_;
  std::map<std::string, HeldLane, std::less<>> lanes_;
};

}  // namespace tidemill::outbox
