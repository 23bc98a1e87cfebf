// `tidemill jobs queues`, `jobs pause|resume|remove QUEUE`.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec JobsQueuesCommand();
CommandSpec JobsPauseCommand();
CommandSpec JobsResumeCommand();
CommandSpec JobsRemoveCommand();

}  // namespace tidemill::cli
