// `tidemill token create` and `check`: tokens of clients.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec TokenCommand();

}  // namespace tidemill::cli
