// Track: what a worker says of its job while it has it, and what is kept of a job that has ended.
//
// A record ("track") under the job's jid: progress, log lines, the checkpoint, the result. Values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/job/value.h"

namespace tidemill::jobs {

inline constexpr std::string_view kTrackKind = "track";
inline constexpr std::size_t kLogLinesMax = 100;
inline constexpr std::size_t kLogLineBytesMax = 1000;
inline constexpr std::size_t kDescriptionBytesMax = 1000;
inline constexpr std::size_t kCheckpointBytesMax = job::kValueBytesMax;
inline constexpr std::size_t kResultBytesMax = job::kValueBytesMax;

enum class JobState : std::uint8_t {
  kUnknown,
  kQueued,
  kScheduled,
  kRetry,
  kBlocked,
  kWorking,
  kDone,
  kFailed,
  kDead,
  kCancelled,
};
std::string_view Name(JobState state);  // "unknown", "queued", …
std::optional<JobState> FindJobState(std::string_view name);

// What a worker says.
struct Track {
  std::optional<int> percent;  // 0 to 100
  std::optional<std::string> description;
  std::optional<WallTime> reserve_until;
  std::string checkpoint;        // JSON; empty: none
  std::vector<std::string> log;  // lines that are added
};

// What is kept.
struct JobProgress {
  JobState state = JobState::kUnknown;
  WallTime updated_at;
  std::optional<int> percent;
  std::optional<std::string> description;
  std::string checkpoint;        // JSON
  std::vector<std::string> log;  // the last kLogLinesMax
  std::string result;            // JSON
  friend bool operator==(const JobProgress&, const JobProgress&) = default;
};

// kInvalidArgument, kLimitExceeded: it says more than is kept; nothing is taken over.
Result<> Apply(Track track, JobProgress& progress);
void AppendProgress(const JobProgress& progress, std::string& out);
Result<JobProgress> ParseProgress(std::string_view json);

// The job's text with custom.checkpoint set to it: what the next attempt gets. Both are valid JSON.
std::string WithCheckpoint(std::string_view text, std::string_view checkpoint);

}  // namespace tidemill::jobs
