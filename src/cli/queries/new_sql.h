// tidemill new sql DIR, new live DIR: a small project that works: endpoints with a test, or a live dashboard.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

// The group "new".
CommandSpec NewCommand();

}  // namespace tidemill::cli
