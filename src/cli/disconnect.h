// `tidemill disconnect`: closes a user's connections to a running server.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec DisconnectCommand();

}  // namespace tidemill::cli
