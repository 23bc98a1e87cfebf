// What /metrics shows of the embedded database. One for all threads.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

#include "metrics/metrics.h"
#include "sql/failure.h"

namespace tidemill::sqlite {

struct Metrics {
  explicit Metrics(metrics::Registry& registry);
  void CountFailure(sql::FailureKind kind) { failures_[static_cast<std::size_t>(kind)]->Add(); }

  metrics::Counter& reads;        // statements and transactions
  metrics::Counter& writes;       // answered after their commit
  metrics::Counter& commits;      // of the writer: each is for all that waited
  metrics::Counter& redone;       // writes that ran again, because another had undone their transaction
  metrics::Counter& refused;      // too many waited
  metrics::Counter& checkpoints;  //
  metrics::Counter& checkpoints_pinned;  // that a read kept from ending
  metrics::Gauge& writes_waiting;        //
  metrics::Gauge& reads_waiting;         //
  metrics::Gauge& wal_bytes;             // size of the log's content
  metrics::Histogram& writes_per_commit;
  metrics::Histogram& commit_seconds;
  metrics::Histogram& read_seconds;  // running, not waiting

 private:
  std::array<metrics::Counter*, static_cast<std::size_t>(sql::FailureKind::kInternal) + 1> failures_;
};

}  // namespace tidemill::sqlite
