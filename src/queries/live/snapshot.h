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

namespace tidemill::queries::live {

struct Snapshot {
  std::string text;        // as it came
  std::uint64_t xmin = 0;  // all before it have ended
  std::uint64_t xmax = 0;  // none from here on had ended
  std::set<std::uint64_t> running;

  // Of `running`, as the database takes an array.
  std::vector<std::string> RunningTexts() const;

  // The error: it is none.
  static std::expected<Snapshot, std::string> Parse(std::string_view text);
};

}  // namespace tidemill::queries::live
