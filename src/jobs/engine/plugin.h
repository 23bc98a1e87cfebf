// EnginePlugin: what else takes part in the life of jobs: batches, workflows, limits.
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
#include "net/task.h"

namespace tidemill::jobs {

struct Core;
struct Held;

// What became of a job, or of an attempt.
struct Outcome {
  std::string_view jid;
  std::string_view queue;
  std::string_view type;
  std::string_view batch;
  // kDone, kRetry, kDead, kFailed (and gone: it had no retries), kCancelled (also: expired, discarded).
  JobState state = JobState::kUnknown;
  std::string_view result;  // of kDone: JSON; empty: none
};

class EnginePlugin {
 public:
  virtual ~EnginePlugin() = default;

  // Once, before all else.
  virtual void Attach(Core& core) = 0;
  // Reads back what it keeps; its memory is empty.
  virtual Task<Result<>> Recover(Store& store) = 0;
  // Everything in memory is gone.
  virtual void Forget() = 0;

  enum class Admission : std::uint8_t { kRun, kBlock };
  // A push that everybody else agrees with: refused, or to wait until Unblock (push.h). What it changes in
  // memory, it puts into `gathering`, or marks for BeforeFlush.
  virtual Result<Admission> OnPush(const job::Job& job, JobId id, Gathering& gathering) = 0;
  // It was not committed.
  virtual void OnDropped(const PushedJob& job) = 0;
  // A flush begins: what has changed is put into it.
  virtual void BeforeFlush(Gathering& gathering) = 0;

  // Whether the job may begin. If not, the plugin keeps it, and gives it back to its queue later (Release of
  // fetch.h).
  virtual bool MayBegin(const Held& job) = 0;
  virtual void OnBegun(const Held& job) = 0;
  // It is nobody's any more: before OnOutcome, and when it is given back.
  virtual void OnReleased(const Held& job) = 0;
  virtual void OnOutcome(const Outcome& outcome, Gathering& gathering) = 0;
};

}  // namespace tidemill::jobs
