// `tidemill man`: the manual page, made from the specs of the commands.
#pragma once

#include <functional>
#include <string>

#include "cli/command.h"

namespace tidemill::cli {

// In roff with the macros of man(7), ASCII only.
std::string ManPage(const CommandSpec& program);

// `program` gives the whole, this command included.
CommandSpec ManCommand(std::function<CommandSpec()> program);

}  // namespace tidemill::cli
