// The options of commands that describe a job: its type, its arguments, and what else the server acts on.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "cli/command.h"

namespace tidemill::cli {

struct JobOptions {
  std::string type;
  std::vector<std::string> args;  // each JSON, or else a text
  std::string queue = "default";
  std::string priority;
  std::string retry;
  std::string custom;
};

// Those that are options; a command adds its TYPE and ARG. `options` outlives them.
std::vector<Parameter> JobParameters(JobOptions& options);
// What is wrong with them, with what is accepted; "": nothing.
std::string Check(const JobOptions& options);
// The members of the job's object.
void WriteJobMembers(const JobOptions& options, JsonWriter& json);

}  // namespace tidemill::cli
