#include "sqlite/backup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "sqlite/connection.h"
#include "sqlite/file.h"
#include "sqlite/inspection.h"

namespace tidemill::sqlite {
namespace {

constexpr int kPagesAtOnce = 1000;

// Removed at its end, unless it was given its name.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    for (const char* end : {"", "-journal", "-wal", "-shm"}) unlink((path_ + end).c_str());
  }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

std::unexpected<Error> SystemError(const std::string& path, std::string_view what) {
  return Fail(Errc::kUnavailable, fmt::format("{}: {}: {}", path, what, std::strerror(errno)));
}

std::unexpected<Error> SqliteError(const std::string& path, sqlite3* db) {
  return Fail(Errc::kUnavailable,
              fmt::format("{}: {}", path, db == nullptr ? "no memory" : sqlite3_errmsg(db)));
}

using Handle = std::unique_ptr<sqlite3, decltype([](sqlite3* db) { sqlite3_close(db); })>;

// In a transaction of the source, so that a writer does not make it begin again.
Result<void> CopyPages(Connection& source, const std::string& to,
                       const std::function<void(int copied, int pages)>& progress) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(to.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
  const Handle target(opened);
  if (code != SQLITE_OK) return SqliteError(to, opened);
  if (const auto begun = source.Begin(sql::Access::kRead); !begun)
    return std::unexpected(ToError(begun.error()));
  sqlite3_backup* const backup = sqlite3_backup_init(target.get(), "main", source.handle(), "main");
  if (backup == nullptr) return SqliteError(to, target.get());
  int step = SQLITE_OK;
  while (step == SQLITE_OK) {
    step = sqlite3_backup_step(backup, kPagesAtOnce);
    const int pages = sqlite3_backup_pagecount(backup);
    if (progress) progress(pages - sqlite3_backup_remaining(backup), pages);
  }
  sqlite3_backup_finish(backup);
  source.RollBack();
  if (step != SQLITE_DONE) return SqliteError(to, target.get());
  return {};
}

Result<void> SyncFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return SystemError(path, "cannot be opened");
  const bool synced = fsync(fd) == 0;
  const int error = errno;
  close(fd);
  errno = error;
  if (!synced) return SystemError(path, "cannot be synced");
  return {};
}

}  // namespace

Result<BackupResult> Backup(const std::string& from, const std::string& to,
                            const std::function<void(int copied, int pages)>& progress) {
  if (access(to.c_str(), F_OK) == 0) return Fail(Errc::kAlreadyExists, to + ": is there already");
  auto source = Connection::Open({.path = from, .role = Role::kExaminer});
  if (!source) return std::unexpected(ToError(source.error()));
  const TemporaryFile copy(fmt::format("{}.incomplete-{}", to, getpid()));
  const int fd = open(copy.path().c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return SystemError(copy.path(), "cannot be made");
  close(fd);
  TM_TRY(CopyPages(**source, copy.path(), progress));
  TM_TRY_ASSIGN(const Inspection found, Inspect(copy.path(), Depth::kQuick));
  if (!found.problems.empty()) {
    return Fail(Errc::kInternal,
                fmt::format("{}: is damaged, and so is its copy: {}", from, found.problems.front()));
  }
  TM_TRY(SyncFile(copy.path()));
  // A hard link, not a rename: it replaces nothing that has come meanwhile.
  if (link(copy.path().c_str(), to.c_str()) != 0) {
    if (errno == EEXIST) return Fail(Errc::kAlreadyExists, to + ": is there already");
    return SystemError(to, "the copy cannot be named so");
  }
  TM_TRY(SyncFolderOf(to));
  struct stat about{};
  stat(to.c_str(), &about);
  return BackupResult{.bytes = static_cast<std::uint64_t>(about.st_size)};
}

}  // namespace tidemill::sqlite
