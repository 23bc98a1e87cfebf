#include "postgres/statements/slowness.h"

#include <algorithm>

namespace tidemill::postgres {
namespace {

constexpr double kWeight = 0.2;  // of the newest run

}  // namespace

Slowness::Speed Slowness::SpeedOf(const sql::Statement& statement) const {
  if (statement.reuse() == sql::Reuse::kOnce) return Speed::kFast;
  const auto found = seen_.find(statement.identity());
  if (found == seen_.end()) return Speed::kUntried;
  return found->second.is_slow ? Speed::kSlow : Speed::kFast;
}

void Slowness::Note(const sql::Statement& statement, std::int64_t run_us) {
  if (statement.reuse() == sql::Reuse::kOnce) return;
  const auto took = static_cast<double>(run_us);
  auto found = seen_.find(statement.identity());
  if (found == seen_.end()) {
    if (seen_.size() >= kStatementsMax) seen_.clear();
    found = seen_.emplace(statement.identity(), Seen{.statement = statement, .average_us = took}).first;
  }
  Seen& seen = found->second;
  seen.average_us += kWeight * (took - seen.average_us);
  // As if it had never been fast: one short run does not bring it back.
  if (run_us > kVerySlowUs) seen.average_us = std::max(seen.average_us, took);
  if (seen.average_us > static_cast<double>(kSlowUs) || run_us > kVerySlowUs) seen.is_slow = true;
  if (seen.average_us < static_cast<double>(kFastUs)) seen.is_slow = false;
}

}  // namespace tidemill::postgres
