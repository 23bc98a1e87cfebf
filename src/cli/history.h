// `tidemill history`: what a channel of a running server keeps.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec HistoryCommand();

}  // namespace tidemill::cli
