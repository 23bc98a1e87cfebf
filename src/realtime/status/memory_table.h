// MemoryTable: the statuses of a node that is alone; they end with the server.
//
// Any thread; one mutex. The stores of all loops share it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "metrics/metrics.h"
#include "realtime/status/store.h"

namespace tidemill::status {

class MemoryTable {
 public:
  MemoryTable(StoreLimits limits, metrics::Registry& registry);
  MemoryTable(const MemoryTable&) = delete;
  MemoryTable& operator=(const MemoryTable&) = delete;

  void Note(std::string_view user, Sign sign, WallTime at);
  UserStatus Get(std::string_view user, WallTime now) const;
  void Delete(std::string_view user);

  // For one loop. The clock and this outlive it.
  std::unique_ptr<Store> MakeStore(const Clock& clock);

 private:
  struct Entry {
    std::string user;
    std::array<std::int64_t, kSigns> at{};  // seconds since the Unix epoch
    std::int64_t latest() const { return std::max(at[0], at[1]); }
  };
  using Entries = std::list<Entry>;  // what was noted last in front

  void Forget(Entries::iterator entry);
  void ForgetOld(std::int64_t now);

  const StoreLimits limits_;
  mutable std::mutex mutex_;
  Entries entries_;
  std::unordered_map<std::string_view, Entries::iterator> by_user_;
  metrics::Gauge& users_;
  metrics::Counter& forgotten_;
};

}  // namespace tidemill::status
