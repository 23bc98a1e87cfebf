// `tidemill jobs list STATE` and `jobs show JID`.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec JobsListCommand();
CommandSpec JobsShowCommand();

}  // namespace tidemill::cli
