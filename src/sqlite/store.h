// Store: the embedded database of one server: the file, its lock, the writer and the readers.
//
//   TM_TRY_ASSIGN(const auto store, Store::Open(settings.sqlite, metrics));
//   Database database(loop, *store);  // on each loop that needs it
//
// Opened and ended on the main thread: both block. It ends before the loops it answers, and after everything
// that calls a Database; what was accepted is carried out first.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sqlite/condition.h"
#include "sqlite/file.h"
#include "sqlite/function.h"
#include "sqlite/metrics.h"
#include "sqlite/readers.h"
#include "sqlite/settings.h"
#include "sqlite/writer.h"

namespace tidemill::sqlite {

class Store {
 public:
  struct Options {
    // kRead: for another process beside the server. The file must be there; nothing is made or locked, and
    // what would write is refused.
    sql::Access access = sql::Access::kWrite;
    std::string vfs{};  // for tests: another one than the system's
    std::vector<std::shared_ptr<const Function>> functions{};
  };
  // The detail names the setting, the file, and what is wrong: another server has it, it is damaged or no
  // database, the folder cannot be written.
  static Result<std::unique_ptr<Store>> Open(SqliteSettings settings, Metrics& metrics, Options options);
  static Result<std::unique_ptr<Store>> Open(SqliteSettings settings, Metrics& metrics) {
    return Open(std::move(settings), metrics, {});
  }
  ~Store();
  // The same file, read by one more connection that nobody else uses: it sees by PRAGMA data_version what all
  // others commit. Only so is a file opened a second time in a process: Open looks into it, and to close it
  // then would drop all locks that SQLite has on it (POSIX advisory locks). It ends before this store.
  Result<std::unique_ptr<Store>> OpenBeside() const;

  // Any thread. kReadOnly: it was opened to read. Else as Writer::Post.
  template <class Job>
  sql::Result<void> PostWrite(std::unique_ptr<Job> job) {
    if (writer_ == nullptr) return sql::Fail(sql::FailureKind::kReadOnly, "the database was opened to read");
    return writer_->Post(std::move(job));
  }
  std::size_t writes_waiting() const { return writer_ == nullptr ? 0 : writer_->waiting(); }
  Readers& readers() { return *readers_; }
  const SqliteSettings& settings() const { return settings_; }
  std::optional<Problem> problem() const { return condition_.problem(); }
  // Of what the writer's groups do, the writer counts itself.
  void CountFailure(sql::FailureKind kind) { metrics_.CountFailure(kind); }
  Metrics& metrics() { return metrics_; }

 private:
  Store(SqliteSettings settings, Metrics& metrics) : settings_(std::move(settings)), metrics_(metrics) {}
  Result<void> Start(const Options& options);
  ConnectionOptions OptionsOf(const Options& options);
  Result<void> StartReaders(ConnectionOptions connection);
  Result<void> StartWriter(ConnectionOptions connection);
  // "a read since 1200 ms: select …"
  std::string OldestRead() const;

  const SqliteSettings settings_;
  Metrics& metrics_;
  Condition condition_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<Readers> readers_;  // the writer asks them who reads
  std::unique_ptr<Writer> writer_;    // null: opened to read
};

}  // namespace tidemill::sqlite
