// `tidemill channels`: the channels of a running server that somebody follows.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec ChannelsCommand();

}  // namespace tidemill::cli
