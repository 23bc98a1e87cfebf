// Orphans: jobs that a start has read back as ready, found by their jids.
//
// A worker may have been given one so shortly before the last owner ended that the store does not know
// (EngineOptions::claim_after). Nobody has it then; when that worker says how its attempt has ended, it
// counts all the same, and the job does not run again. For kKnownFor after a start. Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/job/failure.h"
#include "jobs/queue/entry.h"
#include "net/task.h"

namespace tidemill::jobs {

// 16 to 32 bytes for each job, in buckets that stay small: none takes long to grow or to look through.
class Orphans {
 public:
  static constexpr Duration kKnownFor = Minutes(10);
  static constexpr std::size_t kBuckets = 4096;
  static constexpr std::size_t kBucketMax = 8192;  // those above are not known
  static constexpr std::size_t kSameMax = 16;      // ids that Find gives

  void Add(std::string_view jid, queue::JobId id);
  // A start has added all that it read.
  void Loaded(MonotonicTime now) { known_until_ = now + kKnownFor; }
  void Remove(std::string_view jid, queue::JobId id);
  void Clear();

  // Now and then: forgets them when it is time.
  void Expire(MonotonicTime now) {
    if (known_until_ < now) Clear();
  }

  // Whether there are some, perhaps also of another jid whose hash is the same.
  bool Contains(std::string_view jid) const;
  std::vector<queue::JobId> Find(std::string_view jid) const;

 private:
  struct Orphan {
    std::uint64_t hash = 0;
    queue::JobId id;
  };

  std::vector<std::vector<Orphan>> buckets_;  // by the last bits of the hash; empty: there are none
  MonotonicTime known_until_;
};

struct Core;

// How the attempt of an orphan has ended: done when that is committed. kNotFound: there is none of that jid
// any more.
Task<Result<>> AckOrphan(Core& core, std::string jid, std::string result);
Task<Result<>> FailOrphan(Core& core, std::string jid, job::ErrorReport error);

}  // namespace tidemill::jobs
