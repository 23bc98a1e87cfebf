// The arguments of commands that are JSON objects. Errors are those of ParseCommand. Any thread.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/faktory/command.h"

namespace tidemill::faktory {

Result<Command> ParseAck(std::string_view json);
Result<Command> ParseFail(std::string_view json);
Result<Command> ParseBeat(std::string_view json);
Result<Command> ParseMutate(std::string_view json);
Result<Command> ParseTrackSet(std::string_view json);
struct JobContext {
  WallTime now;
  std::size_t bytes_max = job::kJobBytesMax;
};
Result<Command> ParseBatchNew(std::string_view json, JobContext context);
// {"jid":"…"} of `verb`.
Result<std::string> ParseJid(std::string_view verb, std::string_view json);

}  // namespace tidemill::faktory
