// Bus: carries control messages between the nodes.
//
// It knows the nodes' names and nothing of what the messages mean. A message may be lost, come late or come
// twice. Messages from one node to another come in the order in which they were published.
//
// Thread: one Bus per node, on loop 0 only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/strong.h"
#include "net/task.h"

namespace tidemill::cluster {

// Names one run of a node: random, never used again.
using NodeId = Strong<std::string, struct NodeIdTag>;

// No node publishes longer messages; a longer one that arrives is malformed.
inline constexpr std::size_t kMessageBytesMax = (1 << 20) + (1 << 16);

class BusEvents {
 public:
  // Borrowed until it returns. A node may hear what it published itself.
  virtual void OnMessage(std::string_view message) = 0;
  // From here until OnRestored the messages of other nodes are lost to this one. Called before Cluster::Start
  // too, when the bus is not connected yet.
  virtual void OnLost() = 0;
  virtual void OnRestored() = 0;

 protected:
  ~BusEvents() = default;
};

class Bus {
 public:
  virtual ~Bus() = default;

  // Must be called once, before any message may come.
  virtual void SetEvents(BusEvents& events) = 0;

  // To all nodes, and to one. Completes when the message is on its way; whether it arrives is not known.
  // No event comes before the call has returned. kUnavailable: it may or may not have left.
  virtual Task<Result<void>> Publish(std::string message) = 0;
  virtual Task<Result<void>> PublishTo(NodeId node, std::string message) = 0;
};

}  // namespace tidemill::cluster
