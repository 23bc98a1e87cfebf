#include "cli/queries/project.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "base/log.h"
#include "cli/build_facts.h"
#include "cli/table.h"
#include "queries/files/scan.h"

namespace tidemill::cli {
namespace {

constexpr std::string_view kUsualFolder = "queries";

Result<void> MakeDevFolder() {
  const std::string folder(kDevDatabase.substr(0, kDevDatabase.find('/')));
  if (mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return Fail(Errc::kInternal, fmt::format("{}: {}", folder, std::strerror(errno)));
}

}  // namespace

std::vector<Parameter> ProjectParameters(ProjectOptions& options, std::vector<Parameter> own) {
  std::vector<Parameter> parameters = {
      {.name = "--folder",
       .value = &options.folder,
       .help = "The folder of .sql files (default: queries.folder, else queries)",
       .is_file = true},
      {.name = "--database",
       .value = &options.database,
       .help = "Which one, where two are set",
       .choices = {"postgres", "sqlite"}}};
  std::ranges::move(own, std::back_inserter(parameters));
  return parameters;
}

std::string Project::DatabaseName() const {
  return dialect == sql::Dialect::kPostgres ? "PostgreSQL" : "SQLite, " + settings.sqlite.path;
}

sql::SchemaOptions Project::SchemaOptions() const {
  return {.postgres_schema = settings.postgres.schema, .applied_by = std::string(kVersion)};
}

std::string ChooseFolder(const settings::Settings& settings, std::string_view asked) {
  if (!asked.empty()) return std::string(asked);
  return settings.queries.given() ? settings.queries.folder : std::string(kUsualFolder);
}

Result<Project> OpenProject(const ProjectOptions& options) {
  log::Configure({.level = log::Level::kOff});
  Project project;
  TM_TRY_ASSIGN(project.settings, LoadSettings(options.settings));
  settings::Settings& settings = project.settings;
  project.dev_database = !settings.postgres.given() && !settings.sqlite.given();
  if (project.dev_database) settings.sqlite.path = kDevDatabase;
  TM_TRY_ASSIGN(project.dialect, ChooseDialect(settings, options.database));
  project.folder = ChooseFolder(settings, options.folder);
  project.files = files::Scan({.folder = project.folder, .dialect = project.dialect}, nullptr, {});
  if (!project.files->found) {
    return Fail(Errc::kNotFound,
                fmt::format("there is no folder {}: name it with --folder or queries.folder, "
                            "or begin with tidemill new sql",
                            Printable(project.folder)));
  }
  return project;
}

Result<std::unique_ptr<OpenedDatabase>> OpenDatabase(net::Loop& loop, const Project& project,
                                                     sql::Access access) {
  if (project.dev_database) {
    if (access == sql::Access::kWrite) {
      TM_TRY(MakeDevFolder());
    } else if (::access(project.settings.sqlite.path.c_str(), F_OK) != 0) {
      return Fail(Errc::kNotFound, fmt::format("there is no database: set storage.postgres.url or "
                                               "storage.sqlite.path, or make {} with tidemill migrate up",
                                               kDevDatabase));
    }
  }
  return OpenedDatabase::Open(loop, project.settings, project.dialect, access);
}

}  // namespace tidemill::cli
