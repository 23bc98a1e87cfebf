// `tidemill live`: follows a live query by its URL's event stream and shows its result, in place on a
// terminal, across reconnects, until the user ends it or the server refuses.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec LiveCommand();

}  // namespace tidemill::cli
