#include "net/connection_limiter.h"

#include <atomic>
#include <cstring>
#include <mutex>
#include <unordered_map>

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
  explicit Limiter(ConnectionLimits limits) : limits_(limits) {}

  Admission Admit(const IpAddress& peer) override {
    const bool counted = peer != IpAddress{};
    const std::lock_guard lock(mutex_);
    const std::size_t total = total_.fetch_add(1, std::memory_order_relaxed) + 1;
    const std::size_t of_peer = counted ? ++per_peer_[KeyOf(peer)] : 0;
    if (limits_.connections_max != 0 && total > limits_.connections_max)
      return Admission::kTooManyConnections;
    if (limits_.connections_per_address_max != 0 && of_peer > limits_.connections_per_address_max) {
      return Admission::kTooManyFromAddress;
    }
    return Admission::kAdmitted;
  }

  void Release(const IpAddress& peer) override {
    const std::lock_guard lock(mutex_);
    TM_ASSERT(total_.fetch_sub(1, std::memory_order_relaxed) > 0);
    if (peer == IpAddress{}) return;
    const auto entry = per_peer_.find(KeyOf(peer));
    TM_ASSERT(entry != per_peer_.end());
    if (--entry->second == 0) per_peer_.erase(entry);
  }

  void ReplaceLimits(ConnectionLimits limits) override {
    const std::lock_guard lock(mutex_);
    limits_ = limits;
  }

  std::size_t connections() const override { return total_.load(std::memory_order_relaxed); }

 private:
  std::mutex mutex_;
  ConnectionLimits limits_;
  std::unordered_map<IpAddress, std::size_t, SeededHash> per_peer_;
  std::atomic<std::size_t> total_{0};
};

}  // namespace

std::unique_ptr<ConnectionLimiter> ConnectionLimiter::Make(ConnectionLimits limits) {
  return std::make_unique<Limiter>(limits);
}

}  // namespace tidemill::net
