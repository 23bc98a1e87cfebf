#include "accounts/throttle.h"

#include <algorithm>

namespace tidemill::accounts {
namespace {

constexpr std::int64_t kMicrosPerMs = 1000;

std::int64_t Micros(Duration duration) { return duration.ms * kMicrosPerMs; }
std::int64_t Micros(MonotonicTime time) { return time.ms * kMicrosPerMs; }

}  // namespace

Throttle::Throttle(ThrottleLimits limits, std::size_t keys_max) : limits_(limits), keys_max_(keys_max) {}

std::optional<Duration> Throttle::Take(std::string_view key, MonotonicTime now) {
  if (limits_.burst == 0) return std::nullopt;
  const std::int64_t token = std::max<std::int64_t>(Micros(limits_.interval) / limits_.burst, 1);
  const std::int64_t now_us = Micros(now);
  const std::lock_guard guard(mutex_);
  std::int64_t& full_at = FullAt(SipHash(sip_key_, key), now_us);
  const std::int64_t then = std::max(full_at, now_us) + token;
  const std::int64_t beyond = then - now_us - token * limits_.burst;
  if (beyond > 0) return Milliseconds((beyond + kMicrosPerMs - 1) / kMicrosPerMs);
  full_at = then;
  return std::nullopt;
}

void Throttle::GiveBack(std::string_view key, MonotonicTime now) {
  if (limits_.burst == 0) return;
  const std::lock_guard guard(mutex_);
  const auto found = by_key_.find(SipHash(sip_key_, key));
  if (found == by_key_.end()) return;
  const auto bucket = found->second;
  bucket->full_at_us -= Micros(limits_.interval) / limits_.burst;
  // A full one is as good as none, and takes nobody's place.
  if (bucket->full_at_us > Micros(now)) return;
  by_key_.erase(found);
  buckets_.erase(bucket);
}

std::int64_t& Throttle::FullAt(std::uint64_t key, std::int64_t now_us) {
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    buckets_.splice(buckets_.begin(), buckets_, found->second);
    return found->second->full_at_us;
  }
  // More leave than come, so that those who are silent do not stay.
  for (int i = 0; i < 2 && !buckets_.empty(); ++i) {
    if (buckets_.size() < keys_max_ && buckets_.back().full_at_us > now_us) break;
    ForgetLast();
  }
  buckets_.push_front({.key = key, .full_at_us = now_us});
  by_key_.emplace(key, buckets_.begin());
  return buckets_.front().full_at_us;
}

void Throttle::ForgetLast() {
  by_key_.erase(buckets_.back().key);
  buckets_.pop_back();
}

std::size_t Throttle::size() const {
  const std::lock_guard guard(mutex_);
  return buckets_.size();
}

std::string_view ThrottleKeyOf(const net::IpAddress& address) {
  const std::string_view bytes(reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size());
  return address.IsIpv4() ? bytes : bytes.substr(0, 8);
}

}  // namespace tidemill::accounts
