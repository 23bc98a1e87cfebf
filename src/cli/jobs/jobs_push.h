// `tidemill jobs push TYPE [ARG…]`, and `jobs push -` for the lines of standard input.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec JobsPushCommand();

}  // namespace tidemill::cli
