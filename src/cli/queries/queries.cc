#include "cli/queries/queries.h"

#include "cli/queries/queries_list.h"

namespace tidemill::cli {

CommandSpec QueriesCommand() {
  return {.name = "queries",
          .help = "Checks, lists, runs and tests a folder of .sql files",
          .commands = {QueriesListCommand()}};
}

}  // namespace tidemill::cli
