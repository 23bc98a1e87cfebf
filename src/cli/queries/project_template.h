// ProjectTemplate: the files of a new project of .sql files. Values; any thread.
#pragma once

#include <string>
#include <vector>

#include "sql/database.h"

namespace tidemill::cli {

struct ProjectFile {
  std::string path;  // below the project's folder
  std::string text;
};

// The folder of .sql files is "queries".
std::vector<ProjectFile> ProjectTemplate(sql::Dialect dialect);

}  // namespace tidemill::cli
