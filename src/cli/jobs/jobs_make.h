// `tidemill jobs batch-push` and `jobs workflow-push`: batches and workflows of the jobs in standard input.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec JobsBatchPushCommand();
CommandSpec JobsWorkflowPushCommand();

}  // namespace tidemill::cli
