// `tidemill tail`: follows a channel as a client and prints its publications, across reconnects, until the
// user interrupts it or the server refuses.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec TailCommand();

}  // namespace tidemill::cli
