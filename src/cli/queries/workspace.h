// Workspace: a project with its database open, for one command.
//
//   TM_TRY_ASSIGN(Workspace workspace, OpenWorkspace(options, DatabaseChoice::kFresh, sql::Access::kWrite));
//   const auto result = workspace.Run(Ask(workspace));  // a Task<Result<T>>; first it says Ready
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/opened_database.h"
#include "cli/queries/project.h"
#include "net/loop.h"
#include "net/task.h"
#include "queries/catalog/catalog.h"
#include "queries/files/file_set.h"
#include "queries/migrations/status.h"

namespace tidemill::cli {

enum class DatabaseChoice : std::uint8_t {
  kOfSettings,     //
  kFreshIfNotSet,  // if none is set: an empty one, made for the command, to which the migrations are applied
  kFreshIfSqlite,  // that, and also where SQLite is set
};

// A folder for one command, which goes with it.
class TemporaryFolder {
 public:
  static Result<std::unique_ptr<TemporaryFolder>> Make();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

struct Workspace {
  Project project;
  std::unique_ptr<TemporaryFolder> fresh;  // null: the database is that of the settings
  std::unique_ptr<net::Loop> loop;
  std::unique_ptr<OpenedDatabase> opened;

  sql::Database& database() { return opened->database(); }
  // As RunAndEnd.
  template <class T>
  Result<T> Run(Task<Result<T>> task) {
    return RunAndEnd(*loop, opened, std::move(task));
  }
};

// `access` is for a database of the settings.
Result<Workspace> OpenWorkspace(const ProjectOptions& options, DatabaseChoice choice, sql::Access access);

struct Readiness {
  std::vector<files::FileProblem>
      problems;             // of migrations: of a fresh database they keep all else from being done
  std::size_t pending = 0;  // migrations that the database of the settings does not have
};
// Connects; a fresh database gets the migrations. Once. `workspace` outlives the task.
Task<Result<Readiness>> Ready(Workspace& workspace);

}  // namespace tidemill::cli
