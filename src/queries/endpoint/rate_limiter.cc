#include "queries/endpoint/rate_limiter.h"

#include <algorithm>

namespace tidemill::queries {
namespace {

constexpr std::int64_t kSweepPauseUs = 1'000'000;

}  // namespace

std::size_t RateLimiter::Hash::operator()(const std::string& name) const {
  static const SipKey key = SipKey::Random();
  return static_cast<std::size_t>(SipHash(key, name));
}

RateLimiter::RateLimiter(const files::Rate& rate)
    : interval_us_(std::max<std::int64_t>(1, rate.per.ms * 1000 / std::max(1u, rate.count))),
      burst_us_(interval_us_ * (std::max(1u, rate.count) - 1)) {}

std::optional<Duration> RateLimiter::Take(const std::string& key, MonotonicTime now) {
  const std::int64_t now_us = now.ms * 1000;
  const std::lock_guard lock(mutex_);
  auto found = earned_us_.find(key);
  if (found == earned_us_.end()) {
    if (earned_us_.size() >= kKeysMax) MakeRoom(now_us);
    found = earned_us_.emplace(key, now_us).first;
  }
  const std::int64_t earned_us = std::max(found->second, now_us);
  const std::int64_t early_us = earned_us - burst_us_ - now_us;
  if (early_us > 0) return Milliseconds((early_us + 999) / 1000);
  found->second = earned_us + interval_us_;
  return std::nullopt;
}

std::size_t RateLimiter::keys() const {
  const std::lock_guard lock(mutex_);
  return earned_us_.size();
}

void RateLimiter::MakeRoom(std::int64_t now_us) {
  if (now_us - swept_us_ >= kSweepPauseUs) {
    swept_us_ = now_us;
    std::erase_if(earned_us_, [now_us](const auto& each) { return each.second <= now_us; });
  }
  if (earned_us_.size() >= kKeysMax) earned_us_.erase(earned_us_.begin());
}

std::string RateKey(const net::IpAddress& address) {
  constexpr std::size_t kSubscriberBytes = 8;
  const auto& bytes = address.bytes;
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return std::string(address.IsIpv4() ? all : all.substr(0, kSubscriberBytes));
}

}  // namespace tidemill::queries
