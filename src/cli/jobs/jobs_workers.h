// `tidemill jobs workers`, `jobs quiet` and `jobs terminate`.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec JobsWorkersCommand();
CommandSpec JobsQuietCommand();
CommandSpec JobsTerminateCommand();

}  // namespace tidemill::cli
