// CatalogOf: what the database of a workspace says of its folder.
#pragma once

#include <memory>

#include "base/result.h"
#include "cli/queries/workspace.h"
#include "net/task.h"
#include "queries/catalog/catalog.h"

namespace tidemill::cli {

// Makes the workspace ready first. Endpoints without @auth are in it: nobody calls them from here. kRefused:
// the migrations of a fresh database fail; the detail shows where. `workspace` outlives the task.
Task<Result<std::shared_ptr<const queries::Catalog>>> CatalogOf(Workspace& workspace);

}  // namespace tidemill::cli
