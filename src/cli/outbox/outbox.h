// `tidemill outbox …`: what waits to leave, and triggers that publish.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec OutboxCommand();

}  // namespace tidemill::cli
