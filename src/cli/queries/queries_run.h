// tidemill queries run, explain: one endpoint of a folder, without a server.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec QueriesRunCommand();
CommandSpec QueriesExplainCommand();

}  // namespace tidemill::cli
