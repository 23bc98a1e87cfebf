// `tidemill init`: a short configuration with fresh secrets.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec InitCommand();

}  // namespace tidemill::cli
