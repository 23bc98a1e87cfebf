// Slowness: which statements take long, as observed: they are kept away from connections that others share,
// where everybody behind them waits.
//
// A moving average of how long each ran; a statement becomes slow above kSlow, or when one run took
// kVerySlow, and fast again below kFast. One that was fast until such a run is doubtful first, as the server
// may have been busy, and fast again below kSlow; another long run makes it slow. What is made at run time
// (Reuse::kOnce) is not kept, and counts as fast.
//
// Where several statements go together only the whole is seen, and the whole is what others wait behind: what
// is known of a statement among others is kept apart from what is known of it alone, and neither is a mean
// of the other. Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <unordered_map>

#include "sql/statement.h"

namespace tidemill::postgres {

class Slowness {
 public:
  static constexpr std::int64_t kSlowUs = 50'000;
  static constexpr std::int64_t kVerySlowUs = 250'000;
  static constexpr std::int64_t kFastUs = 20'000;
  static constexpr std::size_t kStatementsMax = 4096;  // then it begins anew

  // How a statement runs: as the only one of its request, or as one of several.
  enum class Company : std::uint8_t { kAlone, kAmongOthers };
  enum class Speed : std::uint8_t { kUntried, kFast, kDoubtful, kSlow };
  Speed SpeedOf(const sql::Statement& statement, Company company = Company::kAlone) const;
  // It ran for so long, with its company, whatever came of it.
  void Note(const sql::Statement& statement, std::int64_t run_us, Company company = Company::kAlone);
  // All that went together: which of them took long is not known.
  void Note(std::span<const sql::Call> calls, std::int64_t run_us);
  // They run for so long already that others must not wait behind them. Their end is not to be noted, too.
  void NoteStall(std::span<const sql::Call> calls) { Note(calls, kVerySlowUs + 1); }
  static Company CompanyOf(std::span<const sql::Call> calls) {
    return calls.size() > 1 ? Company::kAmongOthers : Company::kAlone;
  }

  // What is known of statements of one key is one.
  struct Key {
    const void* identity = nullptr;
    Company company = Company::kAlone;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return std::hash<const void*>()(key.identity) ^ static_cast<std::size_t>(key.company);
    }
  };
  static Key KeyOf(const sql::Statement& statement, Company company) {
    return {statement.identity(), company};
  }

 private:
  struct Seen {
    sql::Statement statement;  // so that its identity is not used again
    double average_us = 0;
    Speed speed = Speed::kUntried;
  };

  std::unordered_map<Key, Seen, KeyHash> seen_;
};

}  // namespace tidemill::postgres
