#include "net/connection_limiter.h"

#include <atomic>
#include <cstring>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "base/assert.h"
#include "base/random.h"

namespace tidemill::net {
namespace {

// What one peer can change at will is not part of its key: the lower half of an IPv6 address.
IpAddress KeyOf(IpAddress peer) {
  if (!peer.IsIpv4()) std::memset(peer.bytes.data() + 8, 0, 8);
  return peer;
}

// Seeded, so that nobody can choose addresses that collide.
class SeededHash {
 public:
  std::size_t operator()(const IpAddress& key) const {
    std::uint64_t halves[2];
    std::memcpy(halves, key.bytes.data(), sizeof halves);
    return Mix(Mix(halves[0] ^ seed_) ^ halves[1]);
  }

 private:
  static std::uint64_t Mix(std::uint64_t value) {
    value = (value ^ (value >> 32)) * 0x9e3779b97f4a7c15;
    return value ^ (value >> 29);
  }

  std::uint64_t seed_ = RandomBelow(~std::uint64_t{0});
};

class Limiter final : public ConnectionLimiter {
 public:
  explicit Limiter(ConnectionLimits limits) : limits_(std::move(limits)) {}

  Admission Admit(const IpAddress& peer) override {
    const std::lock_guard lock(mutex_);
    const std::size_t total = total_.fetch_add(1, std::memory_order_relaxed) + 1;
    const Admission of_peer = Add(peer);
    const bool too_many = limits_.connections_max != 0 && total > limits_.connections_max;
    return too_many ? Admission::kTooManyConnections : of_peer;
  }

  void Release(const IpAddress& peer) override {
    const std::lock_guard lock(mutex_);
    TM_ASSERT(total_.fetch_sub(1, std::memory_order_relaxed) > 0);
    Remove(peer);
  }

  Admission Move(const IpAddress& from, const IpAddress& to) override {
    const std::lock_guard lock(mutex_);
    Remove(from);
    return Add(to);
  }

  void ReplaceLimits(ConnectionLimits limits) override {
    const std::lock_guard lock(mutex_);
    limits_ = std::move(limits);
  }

  std::size_t connections() const override { return total_.load(std::memory_order_relaxed); }

 private:
  Admission Add(const IpAddress& peer) {
    if (peer == IpAddress{}) return Admission::kAdmitted;
    const std::size_t count = ++per_peer_[KeyOf(peer)];
    const std::size_t max = limits_.connections_per_address_max;
    if (max == 0 || count <= max || (limits_.proxies && limits_.proxies->Contains(peer))) {
      return Admission::kAdmitted;
    }
    return Admission::kTooManyFromAddress;
  }

  void Remove(const IpAddress& peer) {
    if (peer == IpAddress{}) return;
    const auto entry = per_peer_.find(KeyOf(peer));
    TM_ASSERT(entry != per_peer_.end());
    if (--entry->second == 0) per_peer_.erase(entry);
  }

  std::mutex mutex_;
  ConnectionLimits limits_;
  std::unordered_map<IpAddress, std::size_t, SeededHash> per_peer_;
  std::atomic<std::size_t> total_{0};
};

}  // namespace

std::unique_ptr<ConnectionLimiter> ConnectionLimiter::Make(ConnectionLimits limits) {
  return std::make_unique<Limiter>(std::move(limits));
}

}  // namespace tidemill::net
