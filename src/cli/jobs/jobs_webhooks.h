// `tidemill jobs webhooks` and `jobs enable QUEUE`.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec JobsWebhooksCommand();
CommandSpec JobsEnableCommand();

}  // namespace tidemill::cli
