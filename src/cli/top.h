// `tidemill top`: the console's overview in a terminal.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec TopCommand();

}  // namespace tidemill::cli
