// What /metrics shows of PostgreSQL. One for all loops.
#pragma once

#include <array>
#include <cstddef>

#include "metrics/metrics.h"
#include "sql/failure.h"

namespace tidemill::postgres {

struct Metrics {
  explicit Metrics(metrics::Registry& registry);

  metrics::Counter& queries;         // answered without a failure
  metrics::Histogram& seconds;       // from a statement's sending to its end
  metrics::Counter& resent;          // sent a second time: nothing had happened
  metrics::Counter& stalls;          // statements that held up a shared connection
  metrics::Counter& moved;           // reads asked again elsewhere, as their connection stood still
  metrics::Counter& cancels;         // CancelRequests
  metrics::Counter& notices;         //
  metrics::Counter& sent_bytes;      //
  metrics::Counter& received_bytes;  //
  metrics::Counter& connects;        // connections made
  metrics::Counter& disconnects;     // and ended
  metrics::Counter& connect_failures;
  metrics::Counter& breaches;        // of the protocol, by the server
  metrics::Gauge& connections;       // that are up
  metrics::Gauge& prepared;          // statements, on all connections
  metrics::Counter& evicted;         // prepared statements that were closed for others
  metrics::Gauge& in_use;            // exclusive connections
  metrics::Gauge& idle;              //
  metrics::Gauge& waiting;           // callers
  metrics::Histogram& wait_seconds;  // for a connection

  // Statements that failed, by kind.
  metrics::Counter& failures(sql::FailureKind kind) { return *by_kind_[static_cast<std::size_t>(kind)]; }

 private:
  static constexpr std::size_t kKinds = static_cast<std::size_t>(sql::FailureKind::kInternal) + 1;
  std::array<metrics::Counter*, kKinds> by_kind_{};
};

}  // namespace tidemill::postgres
