// `tidemill completions SHELL`: a script that completes the program's commands and options in that shell.
#pragma once

#include <functional>

#include "cli/command.h"

namespace tidemill::cli {

// `program` gives the whole, this command included.
CommandSpec CompletionsCommand(std::function<CommandSpec()> program);

}  // namespace tidemill::cli
