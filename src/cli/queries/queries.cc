#include "cli/queries/queries.h"

#include "cli/queries/queries_check.h"
#include "cli/queries/queries_list.h"
#include "cli/queries/queries_openapi.h"
#include "cli/queries/queries_run.h"
#include "cli/queries/test_command.h"

namespace tidemill::cli {

CommandSpec QueriesCommand() {
  return {.name = "queries",
          .help = "Checks, lists, runs and tests a folder of .sql files",
          .commands = {QueriesCheckCommand(), QueriesListCommand(), QueriesRunCommand(),
                       QueriesExplainCommand(), QueriesTestCommand(), QueriesOpenApiCommand()}};
}

}  // namespace tidemill::cli
