// `tidemill jobs top`: queues, workers and what they work on, live.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec JobsTopCommand();

}  // namespace tidemill::cli
