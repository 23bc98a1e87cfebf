// Throttle: how often log-ins may be tried, by name and by address, as token buckets.
//
// A bucket is one number, the time at which it is full again (the generic cell rate algorithm, ITU-T I.371).
// Names are known by a keyed hash only, so an attacker can neither read them nor choose which fall together.
// The table is bounded: when it is full, who was quiet for longest is forgotten. One per node, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/sip_hash.h"
#include "net/address.h"

namespace tidemill::accounts {

struct ThrottleLimits {
  std::uint32_t burst = 10;         // tokens of a full bucket; 0: there is no limit
  Duration interval = Minutes(15);  // in which an empty one fills
};

class Throttle {
 public:
  explicit Throttle(ThrottleLimits limits, std::size_t keys_max = 50'000);

  // Takes a token of the key; otherwise how long until there is one.
  std::optional<Duration> Take(std::string_view key, MonotonicTime now);
  // Gives one back: what it was taken for was no guess.
  void GiveBack(std::string_view key, MonotonicTime now);

  std::size_t size() const;

 private:
  struct Bucket {
    std::uint64_t key = 0;
    std::int64_t full_at_us = 0;  // of the monotonic clock
  };

  std::int64_t& FullAt(std::uint64_t key, std::int64_t now_us);
  void ForgetLast();

  const ThrottleLimits limits_;
  const std::size_t keys_max_;
  const SipKey sip_key_ = SipKey::Random();
  mutable std::mutex mutex_;
  std::list<Bucket> buckets_;  // who was heard of last comes first
  std::unordered_map<std::uint64_t, std::list<Bucket>::iterator> by_key_;
};

// Whose bucket an address is in: of IPv6 a whole /64, which is one subscriber's.
std::string_view ThrottleKeyOf(const net::IpAddress& address);

}  // namespace tidemill::accounts
