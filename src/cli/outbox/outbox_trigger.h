// `tidemill outbox trigger TABLE`.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec OutboxTriggerCommand();

}  // namespace tidemill::cli
