// `tidemill config check`, `show`, `default` and `doc`: settings are checked, shown and explained.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec ConfigCommand();

}  // namespace tidemill::cli
