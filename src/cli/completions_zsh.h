// Completions for zsh.
#pragma once

#include <string>

#include "cli/command.h"

namespace tidemill::cli {

std::string ZshCompletions(const CommandSpec& program);

}  // namespace tidemill::cli
