#include "sqlite/metrics.h"

#include <string>

namespace tidemill::sqlite {
namespace {

const std::vector<double> kSeconds = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                      0.025,   0.05,   0.1,     0.25,   0.5,   1,      2.5};

}  // namespace

Metrics::Metrics(metrics::Registry& registry)
    : reads(registry.AddCounter("tidemill_sqlite_reads_total", "Statements that SQLite's readers ran.")),
      writes(registry.AddCounter("tidemill_sqlite_writes_total", "Writes that were committed.")),
      commits(registry.AddCounter("tidemill_sqlite_commits_total",
                                  "Transactions of SQLite's writer; each is for all that waited.")),
      redone(registry.AddCounter("tidemill_sqlite_writes_redone_total",
                                 "Writes that ran again because another one had undone their transaction.")),
      refused(
          registry.AddCounter("tidemill_sqlite_refused_total",
                              "Calls that were refused because storage.sqlite.waiting_max were waiting.")),
      checkpoints(registry.AddCounter("tidemill_sqlite_checkpoints_total",
                                      "Times that SQLite's write-ahead log was copied into the file.")),
      checkpoints_pinned(registry.AddCounter("tidemill_sqlite_checkpoints_pinned_total",
                                             "Of these, those that a read kept from copying all.")),
      writes_waiting(registry.AddGauge("tidemill_sqlite_writes_waiting", "Writes waiting and running.")),
      reads_waiting(registry.AddGauge("tidemill_sqlite_reads_waiting", "Reads waiting and running.")),
      wal_bytes(registry.AddGauge("tidemill_sqlite_wal_bytes",
                                  "What SQLite's write-ahead log holds since it was last begun anew.")),
      writes_per_commit(registry.AddHistogram("tidemill_sqlite_writes_per_commit",
                                              "Writes that were committed together.",
                                              {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000})),
      commit_seconds(registry.AddHistogram("tidemill_sqlite_commit_seconds",
                                           "Time of a commit, with its fsync.", kSeconds)),
      read_seconds(registry.AddHistogram("tidemill_sqlite_read_seconds", "Time a read ran, without waiting.",
                                         kSeconds)) {
  for (std::size_t i = 0; i < failures_.size(); ++i) {
    failures_[i] = &registry.AddCounter("tidemill_sqlite_failures_total", "Calls that failed, by kind.",
                                        {{"kind", std::string(Name(static_cast<sql::FailureKind>(i)))}});
  }
}

}  // namespace tidemill::sqlite
