#include "postgres/statements/slowness.h"

#include <algorithm>
#include <set>

namespace tidemill::postgres {
namespace {

constexpr double kWeight = 0.2;  // of the newest run

}  // namespace

Slowness::Speed Slowness::SpeedOf(const sql::Statement& statement, Company company) const {
  if (statement.reuse() == sql::Reuse::kOnce) return Speed::kFast;
  const auto found = seen_.find(KeyOf(statement, company));
  if (found == seen_.end()) return Speed::kUntried;
  return found->second.speed;
}

void Slowness::Note(const sql::Statement& statement, std::int64_t run_us, Company company) {
  if (statement.reuse() == sql::Reuse::kOnce) return;
  const auto took = static_cast<double>(run_us);
  const Key key = KeyOf(statement, company);
  auto found = seen_.find(key);
  if (found == seen_.end()) {
    if (seen_.size() >= kStatementsMax) seen_.clear();
    found = seen_.emplace(key, Seen{.statement = statement, .average_us = took}).first;
  }
  Seen& seen = found->second;
  seen.average_us += kWeight * (took - seen.average_us);
  const bool is_very_slow = run_us > kVerySlowUs;
  // As if it had never been fast: one short run does not bring it back.
  if (is_very_slow) seen.average_us = std::max(seen.average_us, took);
  const bool is_below_slow = seen.average_us <= static_cast<double>(kSlowUs);
  switch (seen.speed) {
    case Speed::kUntried: seen.speed = is_below_slow ? Speed::kFast : Speed::kSlow; break;
    case Speed::kFast:
      if (!is_below_slow) seen.speed = is_very_slow ? Speed::kDoubtful : Speed::kSlow;
      break;
    case Speed::kDoubtful:
      if (run_us > kSlowUs) seen.speed = Speed::kSlow;
      if (is_below_slow) seen.speed = Speed::kFast;
      break;
    case Speed::kSlow:
      if (seen.average_us < static_cast<double>(kFastUs)) seen.speed = Speed::kFast;
      break;
  }
}

void Slowness::Note(std::span<const sql::Call> calls, std::int64_t run_us) {
  if (calls.size() == 1) return Note(calls.front().statement, run_us);
  std::set<const void*> noted;  // a bulk is many of few
  for (const sql::Call& call : calls) {
    if (noted.insert(call.statement.identity()).second) Note(call.statement, run_us, CompanyOf(calls));
  }
}

}  // namespace tidemill::postgres
