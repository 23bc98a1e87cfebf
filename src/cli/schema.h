// `tidemill schema`: the tables of this program in the configured database: where they stand, applying what
// is missing, and scripts for an administrator.
#pragma once

#include <vector>

#include "cli/command.h"
#include "sql/schema/schema.h"

namespace tidemill::cli {

// `schemas`: of all modules that have tables.
CommandSpec SchemaCommand(const std::vector<sql::Schema>& schemas);

}  // namespace tidemill::cli
