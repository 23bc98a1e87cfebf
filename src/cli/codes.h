// `tidemill codes [CODE]`: what the errors, unsubscribes and disconnects that a client sees mean.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec CodesCommand();

}  // namespace tidemill::cli
