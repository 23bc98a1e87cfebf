// `tidemill publish`: publishes to a channel over the HTTP API of a server.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec PublishCommand();

}  // namespace tidemill::cli
