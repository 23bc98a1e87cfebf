// `tidemill unsubscribe`: ends a user's subscriptions on a running server.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec UnsubscribeCommand();

}  // namespace tidemill::cli
