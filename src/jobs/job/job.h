// Job: one piece of work as the server knows it, and the JSON text that workers get.
//
// The text is what the producer sent, byte for byte where it means anything: unknown members, numbers and
// strings are never written again, only blanks between tokens are left out and missing members added. What
// the server acts on is read once, into the other fields. A value; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/job/failure.h"
#include "jobs/job/flow.h"

namespace tidemill::job {

inline constexpr std::size_t kJobBytesMax = 1 << 20;
inline constexpr std::size_t kMembersMax = 1000;
inline constexpr std::int64_t kRetryDefault = 25;
inline constexpr std::int64_t kRetryMax = 1000;
inline constexpr Duration kReserveDefault = Seconds(1800);
inline constexpr Duration kReserveMin = Seconds(60);
inline constexpr Duration kReserveMax = Hours(24);
inline constexpr int kPriorityDefault = 5;  // of 1 to 9; 9 goes first

// custom.unique_for and what belongs to it.
struct Unique {
  Duration held_for;  // the lock's life, from the push or from `at`
  enum class Until : std::uint8_t { kSuccess, kStart } until = Until::kSuccess;
  std::string key;  // 32 bytes: of queue, type and args, or of custom.unique_key
  friend bool operator==(const Unique&, const Unique&) = default;
};

struct Job {
  std::string jid;
  std::string type;
  std::string queue = "default";
  std::int64_t retry = kRetryDefault;  // 0: discarded when it fails; -1: dead when it fails
  Duration reserve_for = kReserveDefault;
  int priority = kPriorityDefault;
  std::optional<WallTime> at;          // not before
  std::optional<WallTime> expires_at;  // not after: dropped instead of fetched
  std::optional<Unique> unique;
  std::vector<Duration> retry_schedule;  // custom.retry_schedule; empty: Faktory's formula
  bool is_tracked = false;
  std::string batch;  // custom.bid; empty: none
  std::optional<Flow> flow;

  // The members that stay as they are: the text without its last brace and without the two that follow.
  std::string members;
  std::optional<WallTime> enqueued_at;
  std::optional<Failure> failure;

  friend bool operator==(const Job&, const Job&) = default;
};

// Reads what a producer pushed, or what AppendText made. kInvalidArgument: the detail is what Faktory answers
// behind -ERR, in one line; kLimitExceeded names the limit. `now` becomes created_at where there is none.
Result<Job> ParseJob(std::string_view text, WallTime now, std::size_t bytes_max = kJobBytesMax);

// The text for workers and stores: one line without blanks, in which "jobtype":"X" can be searched for.
// ParseJob of it gives the same job.
void AppendText(const Job& job, std::string& out);

// When a text that AppendText made says that its job was queued, without reading all of it.
std::optional<WallTime> FindEnqueuedAt(std::string_view text);

}  // namespace tidemill::job
