#include "cli/queries/workspace.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "queries/migrations/apply.h"
#include "queries/migrations/record.h"

namespace tidemill::cli {
namespace {

bool WantsFresh(const Project& project, DatabaseChoice choice) {
  if (choice == DatabaseChoice::kOfSettings) return false;
  return project.dev_database ||
         (choice == DatabaseChoice::kFreshIfSqlite && project.dialect == sql::Dialect::kSqlite);
}

}  // namespace

Result<std::unique_ptr<TemporaryFolder>> TemporaryFolder::Make() {
  std::error_code error;
  std::string pattern = (std::filesystem::temp_directory_path(error) / "tidemill-XXXXXX").string();
  if (error || mkdtemp(pattern.data()) == nullptr) {
    return Fail(Errc::kInternal, fmt::format("no temporary folder: {}", std::strerror(errno)));
  }
  return std::unique_ptr<TemporaryFolder>(new TemporaryFolder(std::move(pattern)));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Result<Workspace> OpenWorkspace(const ProjectOptions& options, DatabaseChoice choice, sql::Access access) {
  Workspace workspace;
  TM_TRY_ASSIGN(workspace.project, OpenProject(options));
  if (WantsFresh(workspace.project, choice)) {
    TM_TRY_ASSIGN(workspace.fresh, TemporaryFolder::Make());
    sqlite::SqliteSettings& settings = workspace.project.settings.sqlite;
    settings = {};
    settings.path = workspace.fresh->path() + "/fresh.db";
    settings.synchronous = "normal";
    workspace.project.dev_database = false;
    access = sql::Access::kWrite;
  }
  TM_TRY_ASSIGN(workspace.loop, net::Loop::Open({}));
  TM_TRY_ASSIGN(workspace.opened, OpenDatabase(*workspace.loop, workspace.project, access));
  return workspace;
}

Task<Result<Readiness>> Ready(Workspace& workspace) {
  const Project& project = workspace.project;
  TM_CO_TRY(co_await workspace.opened->Connect());
  Readiness readiness;
  if (workspace.fresh != nullptr) {
    TM_CO_TRY_ASSIGN(migrations::Outcome outcome,
                     co_await migrations::Apply(*workspace.loop, workspace.database(), project.files,
                                                project.SchemaOptions()));
    readiness.problems = std::move(outcome.problems);
    co_return readiness;
  }
  const auto record = co_await migrations::ReadRecord(workspace.database(), project.SchemaOptions());
  if (!record) co_return std::unexpected(sql::ToError(record.error()));
  readiness.problems = migrations::FindProblems(*project.files, project.dialect, *record);
  const auto all = migrations::JudgeMigrations(*project.files, *record);
  readiness.pending = static_cast<std::size_t>(
      std::ranges::count(all, migrations::MigrationState::kPending, &migrations::MigrationStatus::state));
  co_return readiness;
}

}  // namespace tidemill::cli
