// `tidemill broadcast`: publishes the same to many channels of a running server.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec BroadcastCommand();

}  // namespace tidemill::cli
