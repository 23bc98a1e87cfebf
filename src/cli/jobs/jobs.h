// `tidemill jobs …`: background jobs of a running server, over its HTTP API.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec JobsCommand();

}  // namespace tidemill::cli
