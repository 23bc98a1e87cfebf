#include "cli/jobs/job_options.h"

#include <fmt/format.h>

#include "cli/jobs/jobs_call.h"
#include "config/value.h"
#include "jobs/job/names.h"

namespace tidemill::cli {

std::vector<Parameter> JobParameters(JobOptions& options) {
  return {{"--queue", &options.queue, "The queue"},
          {"--priority", &options.priority, "1 to 9; 9 goes first"},
          {"--retry", &options.retry, "How often it is tried again; 0: discarded, -1: dead"},
          {"--custom", &options.custom, "A JSON object: unique_for, expires_in, track, your own"}};
}

std::string Check(const JobOptions& options) {
  if (!job::IsQueueName(options.queue)) {
    return fmt::format("--queue: \"{}\" is no name; it has letters, digits, and . _ -", options.queue);
  }
  const std::optional<std::int64_t> priority = ToWhole(options.priority, 1);
  if (!options.priority.empty() && (!priority || *priority > 9)) {
    return fmt::format("--priority: \"{}\" is none; it is 1 to 9, and 9 goes first", options.priority);
  }
  if (!options.retry.empty() && !ToWhole(options.retry, -1)) {
    return fmt::format("--retry: \"{}\" is no number; 0 discards a job that fails, -1 puts it among the dead",
                       options.retry);
  }
  if (!options.custom.empty() && !IsJsonObject(options.custom)) {
    return "--custom: not a JSON object; write '{\"unique_for\":60}'";
  }
  return "";
}

void WriteJobMembers(const JobOptions& options, JsonWriter& json) {
  json.Member("jobtype", options.type);
  json.Key("args");
  json.BeginArray();
  for (const std::string& arg : options.args) {
    if (IsJson(arg)) {
      json.RawOnOneLine(arg);
    } else {
      json.String(arg);
    }
  }
  json.EndArray();
  json.Member("queue", options.queue);
  if (const auto priority = ToWhole(options.priority, 1)) json.Member("priority", *priority);
  if (const auto retry = ToWhole(options.retry, -1)) json.Member("retry", *retry);
  if (!options.custom.empty()) {
    json.Key("custom");
    json.RawOnOneLine(options.custom);
  }
}

}  // namespace tidemill::cli
