// `tidemill info`: the nodes of a running server and what they carry.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec InfoCommand();

}  // namespace tidemill::cli
