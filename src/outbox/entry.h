// Entry: one row of the outbox: what a committed transaction wants to leave, and where to. Values; any
// thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace tidemill::outbox {

struct Entry {
  std::int64_t id = 0;  // in the order of the calls, with gaps
  std::string sink;     // "channel"
  std::string target;   // for the sink to understand: the channel's name
  std::string key;      // what has one order; "": the target
  std::string data;     // JSON, unchecked
  std::string options;  // a JSON object of the sink's; "": none
  WallTime created_at;

  friend bool operator==(const Entry&, const Entry&) = default;
};

// Entries of one lane leave one after the other: "channel orders".
inline std::string LaneOf(const Entry& entry) {
  return entry.sink + ' ' + (entry.key.empty() ? entry.target : entry.key);
}

}  // namespace tidemill::outbox
