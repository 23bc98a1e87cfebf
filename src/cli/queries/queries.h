// tidemill queries check | list | run | explain | test: a folder of .sql files from the command line.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec QueriesCommand();

}  // namespace tidemill::cli
