// tidemill queries check: everything that is wrong with a folder of .sql files.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec QueriesCheckCommand();

}  // namespace tidemill::cli
