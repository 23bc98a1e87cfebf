// `tidemill subscribe`: subscribes a user's connections to a channel of a running server.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec SubscribeCommand();

}  // namespace tidemill::cli
