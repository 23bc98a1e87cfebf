// tidemill migrate up | status | new: the user's own migrations.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec MigrateCommand();

}  // namespace tidemill::cli
