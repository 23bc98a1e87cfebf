// JobListener: follows what becomes of jobs and batches, as it happens: for live channels and webhooks.
//
// Loop thread only: the engine's.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "jobs/engine/engine.h"

namespace tidemill::jobs {

// A job is in another state, or says how far it is. What it refers to holds until the call returns.
struct JobChange {
  JobState state = JobState::kUnknown;
  std::string_view jid;
  std::string_view queue;
  std::string_view type;
  std::string_view batch;  // custom.bid; empty: none
  std::string_view wid;    // kWorking: who has it
  int attempt = 0;         // 1: the first; 0: it has not run
  WallTime at;             // when that happened
  // kScheduled, kRetry: when it is due.
  std::optional<WallTime> due_at;
  const Track* track = nullptr;  // kWorking: what was set now; null: it has merely begun
  std::string_view result;       // kDone: JSON; empty: none
  std::string_view error;        // kRetry, kFailed, kDead: the message
};

class JobListener {
 public:
  // In the order of the changes: a push when it is committed, everything else when memory has it. Once for
  // each job that comes, begins, ends or moves: what takes long is done in another turn. It may not call the
  // engine but to look.
  virtual void OnChange(const JobChange& change) = 0;
  // A batch has other totals, or another state; at most once for each flush. It may be gone.
  virtual void OnBatchChange(std::string_view bid) { static_cast<void>(bid); }

 protected:
  ~JobListener() = default;
};

}  // namespace tidemill::jobs
