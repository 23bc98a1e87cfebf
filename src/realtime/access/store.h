// Store: keeps decisions about access beyond the life of a node, and tells each node those of the others.
//
// One per loop, loop thread only; News is for the keeper's loop.
#pragma once

#include <vector>

#include "base/result.h"
#include "net/task.h"
#include "realtime/access/entry.h"

namespace tidemill::access {

// What a store has that the last look did not see.
struct News {
  std::vector<Entry> entries;
  bool is_all = false;    // nothing more is there now
  bool was_lost = false;  // the store is another one than at the last look, or it may have lost some
};

class Store {
 public:
  virtual ~Store() = default;
  // Of two decisions about the same the later one is kept. kLimitExceeded: the store is full, and nothing was
  // kept. kUnavailable, kRefused: as of Redis; it may or may not be kept.
  virtual Task<Result<void>> Save(std::vector<Entry> entries) = 0;
  virtual Task<Result<access::News>> News() = 0;
};

}  // namespace tidemill::access
