// SlotMap: which primary of a Redis Cluster has which hash slots, as CLUSTER SLOTS tells it.
//
// A value, without I/O; cluster_map.h keeps one up to date.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "redis/hash_slot.h"
#include "redis/options.h"
#include "redis/reply.h"

namespace tidemill::redis {

class SlotMap {
 public:
  SlotMap();

  // `asked`: the node that gave the reply; one that does not know its own address leaves it out.
  // kInvalidArgument: that is no answer to CLUSTER SLOTS.
  static Result<SlotMap> Parse(const Reply& reply, const Endpoint& asked);

  // Null: no node has the slot. Valid until the map changes.
  const Endpoint* PrimaryOf(std::uint16_t slot) const;
  void Move(std::uint16_t slot, const Endpoint& primary);

  // Those with at least one slot, in order, each once.
  std::vector<Endpoint> Primaries() const;
  // A slot of this primary; kSlots when it has none.
  std::uint16_t AnySlotOf(const Endpoint& primary) const;
  bool covers_all() const;

 private:
  std::uint16_t IndexOf(const Endpoint& primary);

  std::vector<Endpoint> nodes_;
  std::array<std::uint16_t, kSlots> slots_;  // index into nodes_
};

// Where an error reply sends the asker: "MOVED 3999 127.0.0.1:6381", "ASK 3999 [::1]:6381".
// `asked`: the node that gave it; an address without a host means the same host.
struct Redirection {
  enum class Kind : std::uint8_t { kMoved, kAsk } kind = Kind::kMoved;
  std::uint16_t slot = 0;
  Endpoint to;
  // kInvalidArgument: it is neither.
  static Result<Redirection> Parse(std::string_view error, const Endpoint& asked);
};

}  // namespace tidemill::redis
