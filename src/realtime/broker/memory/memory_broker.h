// The broker, presence store and map broker of a single node: everything is in memory. Each channel is owned
// by one loop, chosen by the hash of its name; other loops reach it through that loop's mailbox.
//
// Durability: none. A restart begins new epochs, so recovery says recovered=false and never lies.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "net/loop.h"
#include "realtime/broker/loop_broker.h"

namespace tidemill::broker {

struct MemoryBrokerLimits {
  std::size_t history_bytes_max = std::size_t{1}
                                  << 30;  // of all channels together, with overhead; shared out by loop
  // Of it, what the clients of one user published; all anonymous ones are one. Shared out by loop; 0: a
  // quarter.
  std::size_t history_bytes_per_user_max = 0;
  std::size_t mailbox_messages_max = 100'000;    // a publish to a loop with more waiting is refused
  std::size_t presence_entries_max = 1'000'000;  // of all channels together
  std::size_t idempotency_keys_max = 1'000'000;  // of all channels together; the oldest is forgotten
  MapLimits map;                                 // of each channel
};

// What /metrics shows; summed over loops. Any thread.
struct MemoryBrokerStats {
  std::uint64_t channels = 0;
  std::uint64_t history_bytes = 0;
  std::uint64_t history_bytes_max = 0;
  std::uint64_t history_refused = 0;    // publishes for which there was no room
  std::uint64_t positions_dropped = 0;  // of streams that held nothing, because room was short
  std::uint64_t history_publications = 0;
  std::uint64_t presence_entries = 0;
  std::uint64_t map_channels = 0;  // with a key
  std::uint64_t map_keys = 0;
  std::uint64_t map_keys_expired = 0;
  std::uint64_t map_refused_for_keys = 0;   // publishes over MapLimits::keys_max
  std::uint64_t map_refused_for_bytes = 0;  // and over MapLimits::bytes_max
};

// The broker's shards of all loops.
class MemoryBrokerShards {
 public:
  virtual ~MemoryBrokerShards() = default;
  // One per loop, in the order of the loops given to MakeMemoryBrokerShards. Take each once. This object must
  // outlive them, and the loops must have stopped before any of it is destroyed.
  virtual LoopBroker TakeShard(std::size_t loop_index) = 0;
  virtual MemoryBrokerStats Stats() const = 0;
  virtual void ReplaceLimits(MemoryBrokerLimits limits) = 0;
};

std::unique_ptr<MemoryBrokerShards> MakeMemoryBrokerShards(std::vector<net::Loop*> loops,
                                                           MemoryBrokerLimits limits);

}  // namespace tidemill::broker
