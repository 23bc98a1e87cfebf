// RateLimiter: an endpoint's @rate: so many requests in a time, of each address or of each value of a claim.
//
// Up to `count` may come at once; then one more each time that per / count has passed (GCRA). For all loops
// of the process; each node counts for itself. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/sip_hash.h"
#include "net/address.h"
#include "queries/files/query.h"

namespace tidemill::queries {

class RateLimiter {
 public:
  // Whoever comes when so many are known, and none has become free, takes the place of another.
  static constexpr std::size_t kKeysMax = 20'000;

  explicit RateLimiter(const files::Rate& rate);

  // Takes one request; or says after how long the next is let in.
  std::optional<Duration> Take(const std::string& key, MonotonicTime now);
  std::size_t keys() const;

 private:
  // Clients choose the keys.
  struct Hash {
    std::size_t operator()(const std::string& name) const;
  };
  void MakeRoom(std::int64_t now_us);

  const std::int64_t interval_us_;  // of one request
  const std::int64_t burst_us_;     // how far ahead a key may be
  mutable std::mutex mutex_;
  // When everything that a key took has been earned again, in microseconds.
  std::unordered_map<std::string, std::int64_t, Hash> earned_us_;
  std::int64_t swept_us_ = 0;
};

// Whose requests an address counts as: IPv6 addresses of one /64 are one subscriber's.
std::string RateKey(const net::IpAddress& address);

}  // namespace tidemill::queries
