// Idempotency: what the endpoints of a process share of Idempotency-Key. Any thread.
#pragma once

#include <utility>

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
};

}  // namespace tidemill::queries
