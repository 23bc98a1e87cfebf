// ClusterSet: a Redis Cluster for tests, made of real servers with plain commands.
//
// Quick to fail over: a node that is silent for a second is taken for dead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "redis/testing/redis_server.h"

namespace tidemill::redis::testing {

struct ClusterSetOptions {
  std::size_t primaries = 3;
  std::size_t replicas_each = 0;
  Credentials credentials{};
  std::vector<std::string> lines{};  // more of each server's redis.conf
};

class ClusterSet {
 public:
  explicit ClusterSet(ClusterSetOptions options = {});

  // The primaries of the start, each with about as many slots; then the replicas, in rounds.
  std::vector<std::unique_ptr<RedisServer>> nodes;

  std::vector<std::string> Addresses() const;  // "127.0.0.1:7000"
  std::uint16_t SlotOf(std::string_view key) const;
  // The node that the running nodes call the slot's primary.
  RedisServer& PrimaryOf(std::uint16_t slot) const;

  // Moves the slot and its keys, as an operator's resharding does; returns when all nodes know.
  void MoveSlot(std::uint16_t slot, RedisServer& from, RedisServer& to);
  // The two halves of it: between them `from` answers ASK for keys that are not there any more.
  void BeginMove(std::uint16_t slot, RedisServer& from, RedisServer& to);
  void MoveKeys(std::uint16_t slot, RedisServer& from, RedisServer& to);
  void EndMove(std::uint16_t slot, RedisServer& from, RedisServer& to);

  // A new primary without slots, known to all.
  RedisServer& AddNode();
  // Waits until another node than `before` is the slot's primary, and gives it.
  RedisServer& AwaitPrimaryOtherThan(std::uint16_t slot, const RedisServer& before);

 private:
  std::unique_ptr<RedisServer> NewNode() const;
  void Meet(const RedisServer& node) const;
  void AwaitHealth() const;
  RedisServer* FindPrimary(std::uint16_t slot) const;

  const ClusterSetOptions options_;
};

}  // namespace tidemill::redis::testing
