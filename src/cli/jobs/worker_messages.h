// What a worker sends to the methods of the HTTP API, and what it reads of their answers. Pure; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/jobs/child_process.h"
#include "cli/jobs/job_output.h"

namespace tidemill::cli {

struct FetchedJob {
  std::string jid;
  std::string type;
  std::string queue;
  std::string args;  // a JSON array
  int attempt = 1;
  friend bool operator==(const FetchedJob&, const FetchedJob&) = default;
};
struct FetchAnswer {
  std::optional<FetchedJob> job;  // the last of them; one is asked for
  std::string state;              // "quiet", "terminate"; "": the worker may go on
};
Result<FetchAnswer> ParseFetchAnswer(std::string_view json);

// The members "state" of jobs_beat's answer and "cancelled" of jobs_progress'.
std::string ParseState(std::string_view json);
bool ParseCancelled(std::string_view json);

enum class Taking : std::uint8_t { kJobs, kNoMore };
std::string BeatParams(std::string_view worker, Taking taking);
std::string FetchParams(std::string_view worker, std::span<const std::string> queues, int wait_seconds);
std::string JidParams(std::string_view jid);
// `result` is JSON; "": there is none.
std::string AckParams(std::string_view jid, std::string_view result);
// `why` it was ended from here, "timed out"; "": it was not.
std::string FailParams(std::string_view jid, const ExitStatus& status, std::string_view why,
                       const JobOutput& output);
// Takes progress and up to `lines` of the log out of `output`.
std::string ProgressParams(std::string_view jid, int reserve_seconds, JobOutput& output, std::size_t lines);

}  // namespace tidemill::cli
