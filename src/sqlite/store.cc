#include "sqlite/store.h"

#include <fmt/format.h>

#include <utility>

#include "base/log.h"

namespace tidemill::sqlite {
namespace {

std::unexpected<Error> Refused(std::string_view what) {
  return Fail(Errc::kUnavailable, fmt::format("storage.sqlite.path = {}", what));
}

std::string Said(const sql::Failure& failure) {
  return failure.code.empty() ? failure.message : fmt::format("{} ({})", failure.message, failure.code);
}

}  // namespace

Result<std::unique_ptr<Store>> Store::Open(SqliteSettings settings, Metrics& metrics, Options options) {
  std::unique_ptr<Store> store(new Store(std::move(settings), metrics));
  TM_TRY(store->Start(options));
  return store;
}

// The writer ends while nobody reads, so that the log is copied whole.
Store::~Store() {
  if (readers_ != nullptr) readers_->Stop();
}

Result<void> Store::Start(const Options& options) {
  const std::string& path = settings_.path;
  if (const auto usable = CheckPath(path, options.access); !usable) return Refused(usable.error().detail);
  const ConnectionOptions connection = OptionsOf(options);
  if (options.access == sql::Access::kRead) return StartReaders(connection);
  if (const auto made = MakeFile(path); !made) return Refused(made.error().detail);
  auto lock = FileLock::Take(path);
  if (!lock) return Refused(lock.error().detail);
  lock_ = *std::move(lock);
  if (const std::string_view network = NetworkFileSystemOf(path); !network.empty()) {
    log::Warn("sqlite.on_network_file_system", {{"path", path}, {"kind", network}});
  }
  return StartWriter(connection);
}

ConnectionOptions Store::OptionsOf(const Options& options) {
  return {.path = settings_.path,
          .vfs = options.vfs,
          .synchronous = settings_.synchronous,
          .cache_bytes = settings_.cache_bytes,
          .statements_max = settings_.statements_max,
          .wal_kept_bytes_max = settings_.wal_bytes_max,
          .busy_timeout = settings_.busy_timeout,
          .rows_max = settings_.result_rows_max,
          .bytes_max = settings_.result_bytes_max,
          .condition = &condition_,
          .functions = options.functions};
}

Result<std::unique_ptr<Store>> Store::OpenBeside() const {
  SqliteSettings one = settings_;
  one.readers = 1;
  one.cache_bytes = std::uint64_t{1} << 20;
  std::unique_ptr<Store> store(new Store(std::move(one), metrics_));
  TM_TRY(store->StartReaders(store->OptionsOf({})));
  return store;
}

Result<void> Store::StartReaders(ConnectionOptions connection) {
  connection.role = lock_ ? Role::kReader : Role::kExaminer;
  std::vector<std::unique_ptr<Connection>> reads;
  for (std::uint32_t i = 0; i < settings_.readers; ++i) {
    auto read = Connection::Open(connection);
    if (!read) return Refused(Said(read.error()));
    reads.push_back(*std::move(read));
  }
  readers_ = std::make_unique<Readers>(std::move(reads), settings_.waiting_max, metrics_);
  return {};
}

// Its connection is the first one: it makes the file a database.
Result<void> Store::StartWriter(ConnectionOptions connection) {
  connection.role = Role::kWriter;
  auto writes = Connection::Open(connection);
  if (!writes) return Refused(Said(writes.error()));
  TM_TRY(StartReaders(connection));
  const WriterOptions writer{
      .waiting_max = settings_.waiting_max,
      .statement_timeout = settings_.statement_timeout,
      .wal = {.checkpoint_bytes = settings_.wal_checkpoint_bytes, .bytes_max = settings_.wal_bytes_max}};
  TM_TRY_ASSIGN(writer_, Writer::Start(*std::move(writes), writer, metrics_, condition_,
                                       [this] { return OldestRead(); }));
  log::Info(
      "sqlite.opened",
      {{"path", settings_.path}, {"readers", settings_.readers}, {"synchronous", settings_.synchronous}});
  return {};
}

std::string Store::OldestRead() const {
  const auto oldest = readers_->Oldest();
  if (!oldest) return "another process, or nobody any more";
  return fmt::format("a read since {} ms: {}", (SystemClock().Now() - oldest->since).ms, oldest->what);
}

}  // namespace tidemill::sqlite
