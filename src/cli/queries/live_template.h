// LiveTemplate: the files of a new project whose queries are a live dashboard. Values; any thread.
#pragma once

#include <vector>

#include "cli/queries/project_template.h"
#include "sql/database.h"

namespace tidemill::cli {

// The folder of .sql files is "queries", that of the dashboard "queries/sales".
std::vector<ProjectFile> LiveTemplate(sql::Dialect dialect);

}  // namespace tidemill::cli
