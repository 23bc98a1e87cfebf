// Completions for fish.
#pragma once

#include <string>

#include "cli/command.h"

namespace tidemill::cli {

std::string FishCompletions(const CommandSpec& program);

}  // namespace tidemill::cli
