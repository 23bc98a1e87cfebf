// `tidemill accounts users | role | disable | enable | reset | owner-link`.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec AccountsCommand();

}  // namespace tidemill::cli
