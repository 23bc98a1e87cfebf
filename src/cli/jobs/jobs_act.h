// `tidemill jobs retry|cancel|kill JID…`, `jobs redrive` and `jobs discard`.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec JobsRetryCommand();
CommandSpec JobsCancelCommand();
CommandSpec JobsKillCommand();
CommandSpec JobsRedriveCommand();
CommandSpec JobsDiscardCommand();

}  // namespace tidemill::cli
