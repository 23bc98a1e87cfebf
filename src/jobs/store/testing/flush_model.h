// FlushModel: a sequence of flushes that is the same for the same seed, and what a store has after each, for
// tests that kill, cut and pull the plug: what is found afterwards must be what one of the flushes left, and
// none that was acknowledged may be missing.
#pragma once

#include <cstdint>
#include <string>

#include "jobs/store/store.h"
#include "jobs/store/testing/memory_store.h"
#include "net/loop.h"

namespace tidemill::jobs::testing {

class FlushModel {
 public:
  explicit FlushModel(std::uint64_t seed) : random_(seed) {}

  // The next one: jobs come, move between the places and go, claims and records change.
  Flush Next(std::uint64_t epoch);
  std::uint64_t number() const { return number_; }  // of the last that was made
  // What a store has that has kept all of them.
  const MemoryTables& tables() const { return tables_; }

 private:
  std::uint64_t Below(std::uint64_t bound);
  StoredJob MakeJob(JobId id);
  void Move(Flush& flush);
  void Apply(const Flush& flush);

  std::uint64_t random_;
  MemoryTables tables_;
  std::uint64_t number_ = 0;
  std::uint64_t last_id_ = 0;
};

// What the store has otherwise than the tables; "": nothing.
std::string DifferenceBetween(net::Loop& loop, Store& store, const MemoryTables& tables);

// The difference to what flush `kept` of the seed has left.
std::string DifferenceAfter(net::Loop& loop, Store& store, std::uint64_t seed, std::uint64_t kept);

}  // namespace tidemill::jobs::testing
