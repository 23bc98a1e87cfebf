// Completions for bash.
#pragma once

#include <string>

#include "cli/command.h"

namespace tidemill::cli {

std::string BashCompletions(const CommandSpec& program);

}  // namespace tidemill::cli
