// Snapshot: what a transaction of PostgreSQL sees of others, as pg_current_snapshot() writes it:
// "xmin:xmax:xip_list" (PostgreSQL documentation, "Transaction ID and Snapshot Information Functions").
//
// Values; any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace tidemill::queries::live {

struct Snapshot {
  std::string text;        // as it came
  std::uint64_t xmin = 0;  // all before it have ended
  std::uint64_t xmax = 0;  // none from here on had ended
  std::set<std::uint64_t> running;
  std::int64_t taken_ms = 0;  // by the database's clock, since 1970; 0: not known

  // Whether nothing can have been missed when the one after this one is `next`, at most `gap_max` later. One
  // that knows of fewer transactions is of another server, which has lost some.
  bool GoesOnWith(const Snapshot& next, Duration gap_max) const;
  // Of `running`, as the database takes an array.
  std::vector<std::string> RunningTexts() const;

  // The error: it is none.
  static std::expected<Snapshot, std::string> Parse(std::string_view text);
};

}  // namespace tidemill::queries::live
