// `tidemill outbox status | parked | retry | drop`.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec OutboxStatusCommand();
CommandSpec OutboxParkedCommand();
CommandSpec OutboxRetryCommand();
CommandSpec OutboxDropCommand();

}  // namespace tidemill::cli
