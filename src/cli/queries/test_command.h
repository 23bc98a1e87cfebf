// tidemill queries test: runs the *.test.sql files of a folder.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec QueriesTestCommand();

}  // namespace tidemill::cli
