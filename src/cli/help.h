// The text that --help prints, made from a command's spec.
#pragma once

#include <string>
#include <string_view>

#include "cli/command.h"

namespace tidemill::cli {

// `path` is how the command is called: "tidemill token create".
std::string HelpText(const CommandSpec& command, std::string_view path);

}  // namespace tidemill::cli
