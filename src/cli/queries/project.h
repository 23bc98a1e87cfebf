// Project: the folder of .sql files and the database that a command works on.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "cli/opened_database.h"
#include "cli/settings.h"
#include "net/loop.h"
#include "queries/files/file_set.h"
#include "settings/settings.h"
#include "sql/database.h"
#include "sql/schema/schema.h"

namespace tidemill::cli {

// Where `serve --dev` keeps its tables if no database is set.
inline constexpr std::string_view kDevDatabase = ".tidemill/tidemill.db";

struct ProjectOptions {
  SettingsOptions settings;
  std::string folder;    // "": queries.folder, else "queries"
  std::string database;  // "": the one that is set, else kDevDatabase
};

// --folder and --database, and then the command's own.
std::vector<Parameter> ProjectParameters(ProjectOptions& options, std::vector<Parameter> own = {});

struct Project {
  settings::Settings settings;
  sql::Dialect dialect = sql::Dialect::kSqlite;
  bool dev_database = false;  // none is set
  std::string folder;
  std::shared_ptr<const files::FileSet> files;  // never null; its folder is there

  // As a person reads it: "SQLite, .tidemill/tidemill.db".
  std::string DatabaseName() const;
  sql::SchemaOptions SchemaOptions() const;
};

// Reads the folder, and turns the log off. The detail says which folder is not there, or which setting is
// wrong.
Result<Project> OpenProject(const ProjectOptions& options);

// The folder alone: "queries" and the like.
std::string ChooseFolder(const settings::Settings& settings, std::string_view asked);

// As OpenedDatabase::Open. With kWrite the folder of kDevDatabase is made; without it kNotFound says that
// there is none yet.
Result<std::unique_ptr<OpenedDatabase>> OpenDatabase(net::Loop& loop, const Project& project,
                                                     sql::Access access);

}  // namespace tidemill::cli
