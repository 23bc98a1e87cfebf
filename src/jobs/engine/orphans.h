// Orphans: jobs that a start has read back as ready, found by their jids.
//
// A worker may have been given one so shortly before the last owner ended that the store does not know
// (EngineOptions::claim_after). Nobody has it then; when that worker says how its attempt has ended, it
// counts all the same, and the job does not run again. For kKnownFor after a start. Loop thread only.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/engine/jid_index.h"
#include "jobs/job/failure.h"
#include "net/task.h"

namespace tidemill::jobs {

class Orphans {
 public:
  static constexpr Duration kKnownFor = Minutes(10);

  // A start has added all that it read.
  void Loaded(MonotonicTime now) { known_until_ = now + kKnownFor; }
  // Now and then: forgets them when it is time.
  void Expire(MonotonicTime now) {
    if (known_until_ < now) jids.Clear();
  }

  JidIndex jids;

 private:
  MonotonicTime known_until_;
};

struct Core;

// How the attempt of an orphan has ended: done when that is committed. kNotFound: there is none of that jid
// any more.
Task<Result<>> AckOrphan(Core& core, std::string jid, std::string result);
Task<Result<>> FailOrphan(Core& core, std::string jid, job::ErrorReport error);

}  // namespace tidemill::jobs
