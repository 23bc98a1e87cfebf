// Stats: how many jobs were processed and failed, in all and by day, kept in records ("stat") that are
// written once a second at most. A crash loses the count of that second. Loop thread only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/engine/gathering.h"

namespace tidemill::jobs {

class Stats {
 public:
  static constexpr std::string_view kKind = "stat";
  static constexpr std::string_view kTotal = "total";
  static constexpr Duration kInterval = Seconds(1);
  static constexpr Duration kKeptFor = Hours(24 * 400);

  struct Sum {
    std::uint64_t processed = 0;
    std::uint64_t failed = 0;
  };

  void CountProcessed(WallTime now) { ++Today(now).processed, ++total_.processed; }
  void CountFailed(WallTime now) { ++Today(now).failed, ++total_.failed; }
  const Sum& total() const { return total_; }
  // Of the days that were read back, and since: "2026-11-27".
  const std::map<std::string, Sum>& days() const { return days_; }

  Result<> Load(const Record& record);
  bool is_dirty() const { return is_dirty_; }
  // Puts what has changed, if that was not done a moment ago.
  void Write(MonotonicTime now, Gathering& gathering);
  void Clear();

 private:
  Sum& Today(WallTime now);

  Sum total_;
  std::map<std::string, Sum> days_;
  WallTime day_begin_{};
  Sum* today_ = nullptr;
  bool is_dirty_ = false;
  MonotonicTime written_at_{};
};

}  // namespace tidemill::jobs
