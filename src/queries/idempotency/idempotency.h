// Idempotency: what the endpoints of a process share of Idempotency-Key. Any thread.
#pragma once

#include <mutex>
#include <utility>

#include "base/log.h"
#include "base/log_limit.h"
#include "metrics/metrics.h"
#include "queries/idempotency/first_answers.h"
#include "queries/idempotency/in_flight.h"
#include "queries/idempotency/metrics.h"

namespace tidemill::queries {

struct Idempotency {
  Idempotency(FirstAnswers::Options options, metrics::Registry& registry)
      : answers(std::move(options)), metrics(registry) {}

  const FirstAnswers answers;
  WritesInFlight in_flight;
  IdempotencyMetrics metrics;

  // A write was refused, as the table cannot be used (FailureKind::kNotReady).
  void LogNotReady(const sql::Failure& failure) {
    const std::lock_guard lock(mutex_);
    const auto suppressed = limit_.Count(SystemClock().Now());
    if (!suppressed) return;
    log::Warn("queries.own_tables_not_ready",
              {{"why", failure.detail.str()}, {"advice", failure.hint.str()}, {"suppressed", *suppressed}});
  }

 private:
  std::mutex mutex_;
  log::LogLimit limit_{Seconds(10)};
};

}  // namespace tidemill::queries
