// The commands of Faktory's protocol, as values: what a client's line asks for.
//
// A command owns what it holds, so that it may wait. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "jobs/job/failure.h"
#include "jobs/job/job.h"
#include "jobs/job/value.h"

namespace tidemill::faktory {

inline constexpr std::size_t kQueuesMax = 256;         // named by one FETCH or QUEUE
inline constexpr std::size_t kJidsMax = 10'000;        // named by one MUTATE
inline constexpr std::size_t kPatternBytesMax = 1024;  // of MUTATE's regexp
inline constexpr std::size_t kDescriptionBytesMax = 1000;
inline constexpr std::size_t kResultBytesMax = job::kValueBytesMax;
inline constexpr std::size_t kCheckpointBytesMax = job::kValueBytesMax;

struct Push {
  job::Job job;
  friend bool operator==(const Push&, const Push&) = default;
};
// Read by BulkReader, job by job, since thousands of them take longer than one turn may.
struct PushBulk {
  std::string jobs;  // a JSON array, not yet checked
  friend bool operator==(const PushBulk&, const PushBulk&) = default;
};
struct Fetch {
  std::vector<std::string> queues;  // the first that has a job gives it
  friend bool operator==(const Fetch&, const Fetch&) = default;
};
struct Ack {
  std::string jid;
  std::string result;  // extension: JSON, kept with the job; empty: none
  friend bool operator==(const Ack&, const Ack&) = default;
};
struct FailJob {
  std::string jid;
  job::ErrorReport error;
  friend bool operator==(const FailJob&, const FailJob&) = default;
};
struct Beat {
  std::string wid;
  std::int64_t rss_kb = 0;
  std::string current_state;  // "", "quiet", "terminate"
  friend bool operator==(const Beat&, const Beat&) = default;
};
struct Info {
  friend bool operator==(const Info&, const Info&) = default;
};
struct Flush {
  friend bool operator==(const Flush&, const Flush&) = default;
};
struct End {
  friend bool operator==(const End&, const End&) = default;
};

struct QueueCommand {
  enum class Action : std::uint8_t { kPause, kResume, kRemove, kLatency, kList };
  Action action = Action::kPause;
  std::vector<std::string> queues;
  bool all = false;  // *
  friend bool operator==(const QueueCommand&, const QueueCommand&) = default;
};

struct Mutate {
  enum class Action : std::uint8_t { kClear, kKill, kDiscard, kRequeue };
  enum class Target : std::uint8_t { kScheduled, kRetries, kDead };
  Action action = Action::kClear;
  Target target = Target::kScheduled;
  std::vector<std::string> jids;  // not empty: nothing else counts
  std::string jobtype;            // empty: any
  std::string pattern;            // a glob over the job's text (glob.h); empty: any
  friend bool operator==(const Mutate&, const Mutate&) = default;
};

struct BatchNew {
  std::string description;
  std::string parent;               // a batch's id; empty: none
  std::optional<job::Job> success;  // one of the two at least
  std::optional<job::Job> complete;
  friend bool operator==(const BatchNew&, const BatchNew&) = default;
};
struct BatchCommand {
  enum class Action : std::uint8_t { kOpen, kCommit, kStatus };
  Action action = Action::kOpen;
  std::string bid;
  friend bool operator==(const BatchCommand&, const BatchCommand&) = default;
};

struct TrackGet {
  std::string jid;
  friend bool operator==(const TrackGet&, const TrackGet&) = default;
};
struct TrackSet {
  std::string jid;
  std::optional<int> percent;  // 0 to 100
  std::optional<std::string> description;
  std::optional<WallTime> reserve_until;
  std::string checkpoint;  // extension: JSON, given back to the next attempt; empty: none
  friend bool operator==(const TrackSet&, const TrackSet&) = default;
};

// Extensions. REQUEUE gives a job back without counting a failure; CANCEL removes one that has not begun, and
// tells the worker of one that has.
struct Requeue {
  std::string jid;
  friend bool operator==(const Requeue&, const Requeue&) = default;
};
struct Cancel {
  std::string jid;
  friend bool operator==(const Cancel&, const Cancel&) = default;
};

using Command = std::variant<Push, PushBulk, Fetch, Ack, FailJob, Beat, Info, Flush, End, QueueCommand,
                             Mutate, BatchNew, BatchCommand, TrackGet, TrackSet, Requeue, Cancel>;

}  // namespace tidemill::faktory
