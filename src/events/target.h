// Target: where batches of events go. A seam: the operator's endpoint, a queue of jobs, the log in Redis that
// nodes share.
//
// Loop thread only.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "events/event.h"
#include "net/task.h"

namespace tidemill::events {

// What did not arrive is delivered again after pauses that grow, as Centrifugo's.
inline constexpr Duration kFirstPause = Milliseconds(100);
inline constexpr Duration kLongestPause = Seconds(20);

struct BatchItem {
  EventType type = EventType::kOccupied;
  std::string channel{};  // kOccupied, kVacated
  WallTime at{};
  std::string json{};
};

struct Batch {
  std::string id{};  // the same each time that the same batch is delivered
  std::size_t lane = 0;
  std::vector<BatchItem> items{};
};

// {"events":[…]}
std::string BodyOf(const Batch& batch);

class Target {
 public:
  virtual ~Target() = default;
  // Done: all of it has arrived. Failed: it may have arrived, and is to be delivered again. `batch` outlives
  // the task.
  virtual Task<Result<void>> Deliver(const Batch& batch) = 0;
  // Whether it can be reached from this node; if not, another one is asked to deliver, where there is one.
  virtual bool is_here() const { return true; }
};

}  // namespace tidemill::events
