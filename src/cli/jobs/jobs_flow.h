// `tidemill jobs batches`, `jobs batch BID`, `jobs signal NAME`, `jobs limits QUEUE`, `jobs sequences` and
// `jobs skip KEY`.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec JobsBatchesCommand();
CommandSpec JobsBatchCommand();
CommandSpec JobsSignalCommand();
CommandSpec JobsLimitsCommand();
CommandSpec JobsSequencesCommand();
CommandSpec JobsSkipCommand();

}  // namespace tidemill::cli
