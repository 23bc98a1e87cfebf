// EnginePlugin: what else takes part in the life of jobs: batches, workflows, schedules.
//
// Its state is in memory like the engine's, and what it writes goes into the flush of what causes it. Called
// on the engine's loop. It may call what core.h and push.h have, but not from within OnDropped and
// BeforeFlush.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "jobs/engine/gathering.h"
#include "jobs/engine/track.h"
#include "jobs/job/job.h"
#include "jobs/store/store.h"
#include "jobs/workflows/is_node.h"
#include "net/task.h"

namespace tidemill::jobs {

struct Core;

// What a job is to others, as its own text says: a jid alone does not tell, as two jobs may have the same.
struct Roles {
  bool is_node = false;      // of a workflow, a sequence …: jobs/workflows knows it
  bool is_callback = false;  // of a batch

  static Roles Of(const job::Job& job) {
    if (!job.flow) return {};
    return {.is_node = IsNode(job), .is_callback = job.flow->callback != job::Flow::Callback::kNone};
  }
};

// What became of a job, or of an attempt.
struct Outcome {
  std::string_view jid;
  std::string_view queue;
  std::string_view type;
  std::string_view batch;
  Roles roles;
  // kDone, kRetry, kDead, kFailed (and gone: it had no retries), kCancelled (also: expired, discarded).
  JobState state = JobState::kUnknown;
  std::string_view result;  // of kDone: JSON; empty: none
  bool had_failed = false;  // before: it had run and failed, or was dead
};

class EnginePlugin {
 public:
  virtual ~EnginePlugin() = default;

  // Once, before all else.
  virtual void Attach(Core&) {}
  // Reads back what it keeps; its memory is empty.
  virtual Task<Result<>> Recover(Store& store) = 0;
  // Everything in memory is gone.
  virtual void Forget() = 0;

  // Whether the job may be pushed: nothing changes.
  virtual Result<> CheckPush(const job::Job&, JobId) { return {}; }
  enum class Admission : std::uint8_t { kRun, kBlock };
  // A push that everybody agreed with: it runs, or waits until Unblock (push.h). What this changes in memory,
  // it puts into `gathering`, or marks for BeforeFlush.
  virtual Admission OnPush(const job::Job&, JobId, Gathering&) { return Admission::kRun; }
  // It was not committed. What BeforeFlush has put into any of `kept` is not to speak of it either.
  virtual void OnDropped(const PushedJob&, KeptGatherings) {}
  // A flush begins: what has changed is put into it.
  virtual void BeforeFlush(Gathering& gathering) = 0;

  // Somebody wants a job that was dead, or waited, to run now. Members of its custom may be set.
  virtual void OnRunNow(job::Job&, Place, Gathering&) {}
  virtual void OnOutcome(const Outcome& outcome, Gathering& gathering) = 0;
};

}  // namespace tidemill::jobs
