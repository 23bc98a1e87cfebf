#include "redis/sharded.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "redis/hash_slot.h"

namespace tidemill::redis {
namespace {

// FNV-1a, 64 bits.
std::uint64_t Hash(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

// Since when the one that has been away longest is away.
template <class Shard>
std::optional<MonotonicTime> DownSince(const std::vector<std::unique_ptr<Shard>>& shards) {
  std::optional<MonotonicTime> longest;
  for (const auto& shard : shards) {
    const std::optional<MonotonicTime> since = shard->down_since();
    if (since && (!longest || *since < *longest)) longest = since;
  }
  return longest;
}

class ShardedClient final : public Client {
 public:
  explicit ShardedClient(std::vector<std::unique_ptr<Client>> shards) : shards_(std::move(shards)) {
    TM_ASSERT(!shards_.empty());
  }

  Task<Result<Reply>> Send(std::string key, Command command) override {
    Client& shard = key.empty() ? Any() : *shards_[ShardOf(key, shards_.size())];
    return shard.Send(std::move(key), std::move(command));
  }

  Task<Result<Reply>> Run(const Script& script, std::vector<std::string> keys,
                          std::vector<std::string> arguments) override {
    TM_ASSERT(!keys.empty());
    Client& shard = *shards_[ShardOf(keys[0], shards_.size())];
    return shard.Run(script, std::move(keys), std::move(arguments));
  }

  std::size_t servers() const override { return shards_.size(); }
  std::string ServerOf(std::string_view key) const override {
    return std::to_string(ShardOf(key, shards_.size()));
  }
  std::optional<MonotonicTime> down_since() const override { return DownSince(shards_); }

 private:
  Client& Any() {
    const auto up = std::ranges::find_if(shards_, [](const auto& shard) { return !shard->down_since(); });
    return up == shards_.end() ? *shards_.front() : **up;
  }

  const std::vector<std::unique_ptr<Client>> shards_;
};

class ShardedSubscriber final : public Subscriber {
 public:
  explicit ShardedSubscriber(std::vector<std::unique_ptr<Subscriber>> shards) : shards_(std::move(shards)) {
    TM_ASSERT(!shards_.empty());
  }

  Task<Result<void>> Subscribe(std::string channel) override {
    Subscriber& shard = Of(channel);
    return shard.Subscribe(std::move(channel));
  }
  void Unsubscribe(const std::string& channel) override { Of(channel).Unsubscribe(channel); }
  Task<Result<void>> Barrier(std::string channel) override {
    Subscriber& shard = Of(channel);
    return shard.Barrier(std::move(channel));
  }
  std::optional<MonotonicTime> down_since() const override { return DownSince(shards_); }

 private:
  Subscriber& Of(std::string_view channel) { return *shards_[ShardOf(channel, shards_.size())]; }

  const std::vector<std::unique_ptr<Subscriber>> shards_;
};

}  // namespace

std::size_t JumpHash(std::uint64_t hash, std::size_t buckets) {
  std::int64_t bucket = -1;
  std::int64_t next = 0;
  while (next < static_cast<std::int64_t>(buckets)) {
    bucket = next;
    hash = hash * 2862933555777941757u + 1;
    const double step = static_cast<double>(std::int64_t{1} << 31) / static_cast<double>((hash >> 33) + 1);
    next = static_cast<std::int64_t>(static_cast<double>(bucket + 1) * step);
  }
  return static_cast<std::size_t>(bucket);
}

std::size_t ShardOf(std::string_view key, std::size_t shards) { return JumpHash(Hash(HashTag(key)), shards); }

std::unique_ptr<Client> MakeShardedClient(std::vector<std::unique_ptr<Client>> shards) {
  return std::make_unique<ShardedClient>(std::move(shards));
}

std::unique_ptr<Subscriber> MakeShardedSubscriber(std::vector<std::unique_ptr<Subscriber>> shards) {
  return std::make_unique<ShardedSubscriber>(std::move(shards));
}

}  // namespace tidemill::redis
