// Slowness: which statements take long, as observed: they are kept away from connections that others share,
// where everybody behind them waits.
//
// A moving average of how long each ran; a statement becomes slow above kSlow, or when one run took
// kVerySlow, and fast again below kFast. One that was fast until such a run is doubtful first, as the server
// may have been busy, and fast again below kSlow; another long run makes it slow. What is made at run time
// (Reuse::kOnce) is not kept, and counts as fast. Loop thread only.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "sql/statement.h"

namespace tidemill::postgres {

class Slowness {
 public:
  static constexpr std::int64_t kSlowUs = 50'000;
  static constexpr std::int64_t kVerySlowUs = 250'000;
  static constexpr std::int64_t kFastUs = 20'000;
  static constexpr std::size_t kStatementsMax = 4096;  // then it begins anew

  enum class Speed : std::uint8_t { kUntried, kFast, kDoubtful, kSlow };
  Speed SpeedOf(const sql::Statement& statement) const;
  // It ran for so long, whatever came of it.
  void Note(const sql::Statement& statement, std::int64_t run_us);
  // It runs for so long already that others must not wait behind it. Its end is not to be noted, too.
  void NoteStall(const sql::Statement& statement) { Note(statement, kVerySlowUs + 1); }

 private:
  struct Seen {
    sql::Statement statement;  // so that its identity is not used again
    double average_us = 0;
    Speed speed = Speed::kUntried;
  };

  std::unordered_map<const void*, Seen> seen_;
};

}  // namespace tidemill::postgres
