#include "realtime/broker/memory/idempotency.h"

#include <utility>

namespace tidemill::broker::memory {
namespace {

// Channel names have no byte 0, so no two pairs give the same text.
std::string Join(const ChannelName& channel, std::string_view key) {
  std::string joined;
  joined.reserve(channel.value().size() + 1 + key.size());
  joined.append(channel.value()).push_back('\0');
  joined.append(key);
  return joined;
}

}  // namespace

std::optional<StreamPosition> IdempotencyKeys::Find(const ChannelName& channel, std::string_view key,
                                                    MonotonicTime now) {
  ForgetExpired(now);
  const auto found = positions_.find(Join(channel, key));
  if (found == positions_.end()) return std::nullopt;
  return found->second;
}

void IdempotencyKeys::Remember(const ChannelName& channel, std::string_view key, StreamPosition position,
                               MonotonicTime now, std::size_t keys_max) {
  if (keys_max == 0) return;
  while (by_age_.size() >= keys_max) ForgetOldest();
  const auto [it, inserted] = positions_.emplace(Join(channel, key), std::move(position));
  if (inserted) by_age_.push_back({.expires = now + kTtl, .key = &it->first});
}

void IdempotencyKeys::ForgetExpired(MonotonicTime now) {
  while (!by_age_.empty() && by_age_.front().expires <= now) ForgetOldest();
}

std::optional<MonotonicTime> IdempotencyKeys::next_expiry() const {
  if (by_age_.empty()) return std::nullopt;
  return by_age_.front().expires;
}

void IdempotencyKeys::ForgetOldest() {
  positions_.erase(positions_.find(*by_age_.front().key));
  by_age_.pop_front();
}

}  // namespace tidemill::broker::memory
