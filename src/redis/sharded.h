// Several Redis servers that share the keys and channels: each hash tag belongs to one server, by its hash.
//
// Every node must have the same list, in the same order. A server added at the end takes an even share from
// each of the others, and nothing else moves (jump consistent hash).
//
// Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "redis/client.h"
#include "redis/subscriber.h"

namespace tidemill::redis {

// 0 … buckets-1. Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm" (2014).
std::size_t JumpHash(std::uint64_t hash, std::size_t buckets);

// The server of a key or channel among `shards`: by its hash tag (hash_slot.h), so that keys of one slot of a
// cluster are on one server here.
std::size_t ShardOf(std::string_view key, std::size_t shards);

// A command without a key goes to the first server that is up.
std::unique_ptr<Client> MakeShardedClient(std::vector<std::unique_ptr<Client>> shards);

std::unique_ptr<Subscriber> MakeShardedSubscriber(std::vector<std::unique_ptr<Subscriber>> shards);

}  // namespace tidemill::redis
