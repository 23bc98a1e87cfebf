// Writer: the one thread that writes. Everything that waits when it begins is carried out in one transaction,
// so that one fsync serves them all; what comes meanwhile waits for the next. There is no timer: the more
// callers, the larger the group.
//
// Each job of a group is in a savepoint of its own, so that its failure undoes nothing else. Where SQLite
// undoes the whole transaction (a full disk, a deadline in the middle of a statement, OR ROLLBACK), the job
// that caused it is told, and the others run again.
//
// It is also the only one that checkpoints (connection.h says why): when nothing is to be written, and
// whatever is to be written once the log is over its limit.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "net/mailbox.h"
#include "sql/failure.h"
#include "sqlite/condition.h"
#include "sqlite/connection.h"
#include "sqlite/job.h"
#include "sqlite/metrics.h"
#include "sqlite/wal_keeper.h"

namespace tidemill::sqlite {

struct WriterOptions {
  std::size_t waiting_max = 10'000;
  Duration statement_timeout = Seconds(30);
  WalLimits wal;
};

class Writer {
 public:
  // `oldest_read`: for the log, when a read keeps the log from being cut; any thread.
  static Result<std::unique_ptr<Writer>> Start(std::unique_ptr<Connection> connection, WriterOptions options,
                                               Metrics& metrics, Condition& condition,
                                               std::function<std::string()> oldest_read);
  // Carries out what was accepted, copies the log into the file, closes it.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Any thread. kLimitExceeded: it is not accepted.
  sql::Result<void> Post(std::unique_ptr<GroupedJob> job);
  sql::Result<void> Post(std::unique_ptr<LoneJob> job);
  std::size_t waiting() const { return waiting_.load(std::memory_order_relaxed); }

 private:
  using Waiting = std::variant<std::unique_ptr<GroupedJob>, std::unique_ptr<LoneJob>>;
  using Jobs = std::span<std::unique_ptr<GroupedJob>>;

  Writer(std::unique_ptr<Connection> connection, WriterOptions options, Metrics& metrics,
         Condition& condition, std::function<std::string()> oldest_read, int wake_fd);
  sql::Result<void> Accept(Waiting job);
  void Work();
  void ServeNext();
  void Wait(Duration at_most);
  void RunGroup();
  // Runs from the first on until time is up, and commits. Gives how many have been answered.
  std::size_t RunTogether(Jobs jobs, std::vector<std::unique_ptr<GroupedJob>>& again);
  sql::Result<void> RunOne(GroupedJob& job);
  sql::Result<void> Commit();
  void Answer(GroupedJob& job, sql::Result<void> outcome);
  void ServeAlone(LoneJob& job);
  void Done();
  // Writes a page, to see whether writing works again.
  void Probe();

  const std::unique_ptr<Connection> connection_;
  const WriterOptions options_;
  Metrics& metrics_;
  Condition& condition_;
  const int wake_fd_;
  net::Mailbox mailbox_;
  std::atomic<std::size_t> waiting_{0};
  std::atomic<bool> ended_{false};
  std::stop_source stop_;
  std::deque<Waiting> taken_;  // the thread's: out of the mailbox, in order
  WalKeeper wal_;
  std::thread thread_;  // last: it uses all above
};

}  // namespace tidemill::sqlite
