// `tidemill jobs cron list|show|add|remove|pause|resume|run|next`.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec JobsCronCommand();

}  // namespace tidemill::cli
