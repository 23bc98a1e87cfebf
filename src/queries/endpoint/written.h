// Written: what a write of an endpoint has changed, for those who follow it.
//
// Values; any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace tidemill::queries {

struct Written {
  std::vector<std::string> tables;  // "*": nobody knows which; also tags
  // PostgreSQL's xid8, or a number of Commits; "": nobody has asked, or nothing was written.
  std::string transaction;
};

// Numbers the writes of our endpoints into SQLite, which has no numbers of its own: whoever reads after a
// number was given sees what has it. They go on from one process to the next, unless the clock goes back.
// Any thread.
class Commits {
 public:
  explicit Commits(WallTime begun) : last_(begun.ms * 1000) {}
  // One more; it is committed.
  std::int64_t Add() { return last_.fetch_add(1) + 1; }
  std::int64_t last() const { return last_.load(); }

 private:
  std::atomic<std::int64_t> last_;
};

}  // namespace tidemill::queries
