#include "cli/queries/catalog_of.h"

#include "cli/queries/file_problems.h"
#include "queries/catalog/describe.h"

namespace tidemill::cli {

Task<Result<std::shared_ptr<const queries::Catalog>>> CatalogOf(Workspace& workspace) {
  const Project& project = workspace.project;
  TM_CO_TRY_ASSIGN(const Readiness readiness, co_await Ready(workspace));
  if (workspace.fresh != nullptr && !readiness.problems.empty()) {
    co_return Fail(Errc::kRefused,
                   "migrations:\n" + ProblemsText(project.folder, *project.files, readiness.problems));
  }
  co_return co_await queries::Describe(*workspace.loop, workspace.database(), project.files, nullptr, {});
}

}  // namespace tidemill::cli
