// IdempotencyKeys: the results of publishes that had an idempotency key. A result is kept for five minutes,
// or less when there are too many.
//
// Loop thread only.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "realtime/broker/broker.h"

namespace tidemill::broker::memory {

class IdempotencyKeys {
 public:
  static constexpr Duration kTtl = Minutes(5);

  std::optional<StreamPosition> Find(const ChannelName& channel, std::string_view key, MonotonicTime now);
  // The oldest are forgotten to stay within `keys_max`.
  void Remember(const ChannelName& channel, std::string_view key, StreamPosition position, MonotonicTime now,
                std::size_t keys_max);
  void ForgetExpired(MonotonicTime now);

  std::size_t size() const { return by_age_.size(); }
  // When the oldest expires; nullopt when there is none.
  std::optional<MonotonicTime> next_expiry() const;

 private:
  using Positions = std::unordered_map<std::string, StreamPosition>;
  struct Aged {
    MonotonicTime expires;
    const std::string* key;  // in positions_, whose nodes do not move
  };

  void ForgetOldest();

  Positions positions_;
  std::deque<Aged> by_age_;
};

}  // namespace tidemill::broker::memory
