// The names of what nodes share about events in Redis (docs/formats/redis-record.md, "Events"). What belongs
// to one lane is in one slot of a cluster.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace tidemill::events {

class Keys {
 public:
  explicit Keys(std::string prefix) : begin_(std::move(prefix) + ".events.") {}

  // A hash: how many nodes have the channel.
  std::string Nodes(std::size_t lane) const { return OfLane("nodes", lane); }
  // A stream: what is to be told.
  std::string Log(std::size_t lane) const { return OfLane("log", lane); }
  // A set: the channels that the node has.
  std::string Held(std::size_t lane, std::string_view node) const {
    return OfLane("held", lane) + "." + std::string(node);
  }
  // A sorted set: when each node was heard of last.
  std::string Alive() const { return begin_ + "alive.{.events}"; }
  // The node that tells.
  std::string Teller() const { return begin_ + "teller.{.events}"; }

 private:
  std::string OfLane(std::string_view kind, std::size_t lane) const {
    return begin_ + std::string(kind) + ".{.events." + std::to_string(lane) + "}";
  }

  const std::string begin_;
};

}  // namespace tidemill::events
