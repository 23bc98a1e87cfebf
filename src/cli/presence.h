// `tidemill presence`: who is in a channel of a running server.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec PresenceCommand();

}  // namespace tidemill::cli
