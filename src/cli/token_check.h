// `tidemill token check`: what a token holds, and whether a server with these settings takes it.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec TokenCheckCommand();

}  // namespace tidemill::cli
