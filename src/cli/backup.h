// `tidemill backup FILE`: a copy of the embedded database, also while a server uses it.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec BackupCommand();

}  // namespace tidemill::cli
