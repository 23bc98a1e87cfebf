// The database's file: made with permissions for its owner alone, and held by one process at a time.
//
// Functions; they block.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sql/statement.h"

namespace tidemill::sqlite {

// What can be said before it is opened, without making anything. To write: its folder is there, and what is
// there already is a database that this process may write. To read: it is there, and is a database. The
// detail names the path and says why not.
Result<void> CheckPath(const std::string& path, sql::Access access = sql::Access::kWrite);

// Makes the file (0600) if it is missing; what is there keeps its permissions. kPermissionDenied,
// kUnavailable: the detail names the path and says why.
Result<void> MakeFile(const std::string& path);

// Holds PATH.lock, which other servers look at. Other programs may open the database beside it: it is no lock
// on the database itself. The system lets it go when the process ends, however that comes.
class FileLock {
 public:
  // kAlreadyExists: another process has it; the detail names its id.
  static Result<std::unique_ptr<FileLock>> Take(const std::string& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  const int fd_;
};

// "nfs", "cifs" …: what the file lies on, where processes on several machines may see it and locks and shared
// memory cannot be trusted; "" for what is local, or not known.
std::string_view NetworkFileSystemOf(const std::string& path);

// Makes what was renamed or created in its folder last.
Result<void> SyncFolderOf(const std::string& path);

}  // namespace tidemill::sqlite
