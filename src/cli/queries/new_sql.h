// tidemill new sql DIR: a small project that works: migrations, five endpoints, a test.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

// The group "new".
CommandSpec NewCommand();

}  // namespace tidemill::cli
