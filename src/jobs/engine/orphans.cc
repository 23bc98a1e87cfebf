#include "jobs/engine/orphans.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "jobs/engine/core.h"
#include "jobs/engine/ending.h"
#include "jobs/engine/fetch.h"
#include "jobs/engine/refill.h"

namespace tidemill::jobs {
namespace {

constexpr int kAttemptsMax = 5;  // each time that it moved while it was looked for

// Somebody has it from now on, in memory alone and with its entry in its queue: its attempt is ended before
// anything else is done.
bool Adopt(Core& core, StoredJob stored) {
  const auto queue = core.OpenQueue(stored.queue);
  const auto job = job::ParseJob(stored.text, core.Now(), kStoredTextBytesMax);
  if (!queue || !job) return false;
  auto held = MakeHeld(core, *job, *queue, {.id = stored.id, .text = std::move(stored.text)});
  held->is_queued = true;
  if (job->unique) held->lock_key = job->unique->key;  // its start is not kept either
  held->until = held->since;
  ++core.At(*queue).working;
  core.working.Add(std::move(held), core.loop.clock().Now());
  return true;
}

// When this returns somebody has the job.
Task<Result<>> AdoptOrphan(Core& core, std::string jid) {
  const std::uint64_t tenure = core.tenure;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    TM_CO_TRY(core.Serving());
    if (core.working.Find(jid) != nullptr) co_return Result<>();
    std::vector<JobId> ids = core.orphans.jids.Find(jid);
    if (ids.empty()) break;
    Moves::Watch watch(core.moves);
    TM_CO_TRY(co_await AllWritten(core.flusher));
    TM_CO_TRY_ASSIGN(auto items, co_await core.store.Load(Place::kReady, ids));
    if (tenure != core.tenure) co_return Fail(Errc::kNotAvailable, "the jobs have moved");
    if (core.working.Find(jid) != nullptr) co_return Result<>();
    bool has_moved = false;
    for (JobPage::Item& item : items) {
      if (item.job.jid != jid) continue;
      const JobId id = item.job.id;
      if (watch.Moved(id)) {
        has_moved = true;
      } else if (Adopt(core, std::move(item.job))) {
        core.orphans.jids.Remove(jid, id);
        co_return Result<>();
      }
    }
    if (has_moved) continue;
    for (const JobId id : ids) core.orphans.jids.Remove(jid, id);
  }
  co_return Fail(Errc::kNotFound, fmt::format("Job not found {}", jid));
}

}  // namespace

Task<Result<>> AckOrphan(Core& core, std::string jid, std::string result) {
  TM_CO_TRY(CheckResult(result));
  TM_CO_TRY(co_await AdoptOrphan(core, jid));
  TM_CO_TRY(Ack(core, jid, std::move(result)));
  co_return co_await CommitOf(core.flusher);
}

Task<Result<>> FailOrphan(Core& core, std::string jid, job::ErrorReport error) {
  TM_CO_TRY(co_await AdoptOrphan(core, jid));
  TM_CO_TRY(Fail(core, jid, std::move(error)));
  co_return co_await CommitOf(core.flusher);
}

}  // namespace tidemill::jobs
