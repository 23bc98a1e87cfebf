#include "postgres/statements/slowness.h"

namespace tidemill::postgres {
namespace {

constexpr double kWeight = 0.2;  // of the newest run

}  // namespace

bool Slowness::IsSlow(const sql::Statement& statement) const {
  const auto found = seen_.find(statement.identity());
  return found != seen_.end() && found->second.is_slow;
}

void Slowness::Note(const sql::Statement& statement, std::int64_t run_us) {
  if (statement.reuse() == sql::Reuse::kOnce) return;
  const auto took = static_cast<double>(run_us);
  auto found = seen_.find(statement.identity());
  if (found == seen_.end()) {
    // What is fast at its first run is not worth a place.
    if (run_us < kFastUs) return;
    if (seen_.size() >= kStatementsMax) seen_.clear();
    found = seen_.emplace(statement.identity(), Seen{.statement = statement, .average_us = took}).first;
  }
  Seen& seen = found->second;
  seen.average_us += kWeight * (took - seen.average_us);
  if (seen.average_us > static_cast<double>(kSlowUs) || run_us > kVerySlowUs) seen.is_slow = true;
  if (seen.average_us < static_cast<double>(kFastUs)) seen.is_slow = false;
}

}  // namespace tidemill::postgres
