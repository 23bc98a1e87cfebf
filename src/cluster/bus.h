// Bus: carries control messages between the nodes.
//
// It knows nodes by name and nothing of what is said. Messages may be lost, late or twice; those from one
// node to another come in the order in which they were published, if they come.
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

// Of one run of a node: random, never used again.
using NodeId = Strong<std::string, struct NodeIdTag>;

// Nobody publishes longer messages; longer ones that arrive are malformed.
inline constexpr std::size_t kMessageBytesMax = (1 << 20) + (1 << 16);

class BusEvents {
 public:
  // Borrowed until it returns. A node may hear what it published itself.
  virtual void OnMessage(std::string_view message) = 0;
  // From here on messages of other nodes do not come, and what they publish is lost to this one…
  // A bus that has not been connected yet says so too, before Cluster::Start.
  virtual void OnLost() = 0;
  // …until here.
  virtual void OnRestored() = 0;

 protected:
  ~BusEvents() = default;
};

class Bus {
 public:
  virtual ~Bus() = default;

  // Must be called once, before any message may come.
  virtual void SetEvents(BusEvents& events) = 0;

  // To all nodes, and to one. Complete when the message is on its way; whether anybody got it is not known.
  // No event comes before the call has returned. kUnavailable: it may or may not have left.
  virtual Task<Result<void>> Publish(std::string message) = 0;
  virtual Task<Result<void>> PublishTo(NodeId node, std::string message) = 0;
};

}  // namespace tidemill::cluster
