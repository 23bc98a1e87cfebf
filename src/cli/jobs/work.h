// `tidemill jobs work`: runs a command for each job of some queues.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec WorkCommand();

}  // namespace tidemill::cli
