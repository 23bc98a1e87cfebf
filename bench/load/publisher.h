// The publishers of a run: one WebSocket connection, or a number of HTTP connections.
#pragma once

#include <cstddef>
#include <memory>

#include "load/messages.h"
#include "load/options.h"

namespace load {

class Crowd;

// What the server does not take at once waits here, so that a slow server does not make the generator late.
class Publisher {
 public:
  virtual ~Publisher() = default;

  // Leaves with the next Flush at the latest.
  virtual void Publish(const Stamp& stamp) = 0;
  virtual void Flush() = 0;
  // Messages that wait here; over HTTP with those that are not answered yet.
  virtual std::size_t waiting() const = 0;
};

// Over HTTP if there are callers, else over a WebSocket; lives on the crowd's epoll.
std::unique_ptr<Publisher> MakePublisher(const Options& options, Crowd& crowd);
// Bytes of the frame that brings one of its publications to a subscriber; 0: it may be of any size.
std::size_t DeliveryBytes(const Options& options);

}  // namespace load
