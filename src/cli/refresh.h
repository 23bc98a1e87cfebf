// `tidemill refresh`: prolongs or ends a user's connections to a running server.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec RefreshCommand();

}  // namespace tidemill::cli
