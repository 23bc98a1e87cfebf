// Coalescer: how often the state of a channel goes out: the first one at once, then the latest one at the end
// of each interval in which it changed.
//
// A channel is held for an interval after it last went out. When there is no room for another, its state is
// not taken. It knows nothing of what a state is but that a later one may need something of the earlier one.
// Without a clock of its own; one thread.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/clock.h"

namespace tidemill::live {

struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

// T has `void TakeOver(T&& earlier)`: what an earlier state that never went out leaves to this one.
template <class T>
class Coalescer {
 public:
  explicit Coalescer(Duration interval) : interval_(interval) {}

  enum class Taken { kNow, kLater, kNoRoom };
  // kNow: it goes out now, and is moved into `out`. A channel that is not held yet needs room:
  // `channels_max` are held at most.
  Taken Add(std::string_view channel, T state, MonotonicTime now, std::size_t channels_max, T& out) {
    const auto found = held_.find(channel);
    if (found == held_.end()) {
      if (held_.size() >= channels_max) return Taken::kNoRoom;
      const auto added = held_.emplace(std::string(channel), std::nullopt).first;
      due_.emplace_back(now + interval_, &*added);
      out = std::move(state);
      return Taken::kNow;
    }
    std::optional<T>& waiting = found->second;
    if (waiting) state.TakeOver(*std::move(waiting));
    waiting = std::move(state);
    return Taken::kLater;
  }

  // The next state that is due at `now`: its channel is held for another interval. Channels of which none is
  // due are let go. nullopt: no more now.
  std::optional<std::pair<std::string_view, T>> Next(MonotonicTime now) {
    while (!due_.empty() && due_.front().first <= now) {
      Held* const held = due_.front().second;
      due_.pop_front();
      if (!held->second) {
        held_.erase(held_.find(held->first));
        continue;
      }
      due_.emplace_back(now + interval_, held);
      T state = *std::exchange(held->second, std::nullopt);
      return std::pair{std::string_view(held->first), std::move(state)};
    }
    return std::nullopt;
  }
  // When Next may have something.
  std::optional<MonotonicTime> next_due() const {
    return due_.empty() ? std::nullopt : std::optional(due_.front().first);
  }
  std::size_t held() const { return held_.size(); }

 private:
  using Map = std::unordered_map<std::string, std::optional<T>, StringHash, std::equal_to<>>;
  using Held = typename Map::value_type;

  const Duration interval_;
  Map held_;                                         // what waits to go out, by channel
  std::deque<std::pair<MonotonicTime, Held*>> due_;  // of each that is held, in order
};

}  // namespace tidemill::live
