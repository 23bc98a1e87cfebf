#include "jobs/engine/testing/faulty_store.h"

#include <algorithm>

namespace tidemill::jobs::testing {
namespace {

constexpr std::size_t kEach = 5;  // one flush of so many is spoilt

// What a flush does to jobs, whoever asks.
void KeepUnasked(const Flush& flush, MemoryTables& tables) {
  for (const JobId id : flush.ready_deletes) tables.ready.erase(id);
  for (const JobId id : flush.later_deletes) tables.later.erase(id);
  for (const StoredJob& job : flush.ready) tables.ready.insert_or_assign(job.id, job);
  for (const LaterJob& later : flush.later) tables.later.insert_or_assign(later.job.id, later);
}

}  // namespace

void FaultyStore::Spoil(Flush& flush) const {
  switch (bug_) {
    case StoreBug::kForgetsFlushes: flush = {.epoch = flush.epoch, .number = flush.number}; break;
    case StoreBug::kForgetsReadyDeletes: flush.ready_deletes.clear(); break;
    case StoreBug::kForgetsLaterDeletes: flush.later_deletes.clear(); break;
    case StoreBug::kForgetsLocks:
      std::erase_if(flush.records, [](const Record& record) { return record.kind == "lock"; });
      break;
    case StoreBug::kKeepsLocks:
      std::erase_if(flush.record_deletes, [](const RecordKey& key) { return key.kind == "lock"; });
      break;
    case StoreBug::kForgetsSchedules:
      std::erase_if(flush.records, [](const Record& record) { return record.kind == "cron"; });
      break;
    case StoreBug::kForgetsLater: flush.later.clear(); break;
    case StoreBug::kForgetsClaimsAndJobs:
      for (const Claim& claim : flush.claims) flush.ready_deletes.push_back(claim.id);
      break;
    default: break;
  }
}

Task<Result<>> FaultyStore::Commit(std::shared_ptr<const Flush> flush) {
  Flush spoilt = *flush;
  if (++commits_ % kEach == 0) Spoil(spoilt);
  if (bug_ == StoreBug::kIgnoresEpochs && spoilt.epoch != inner_.tables().owner->owner.epoch) {
    KeepUnasked(spoilt, inner_.tables());
    co_return Result<>();
  }
  if (bug_ == StoreBug::kKeepsWhatItRefuses && commits_ % kEach == 0) {
    TM_CO_TRY(co_await inner_.Commit(std::make_shared<const Flush>(std::move(spoilt))));
    --inner_.tables().owner->flush;
    co_return Fail(Errc::kUnavailable, "the connection was lost");
  }
  co_return co_await inner_.Commit(std::make_shared<const Flush>(std::move(spoilt)));
}

Task<Result<JobId>> FaultyStore::LastId() {
  if (bug_ == StoreBug::kGivesIdsAgain) co_return JobId(0);
  co_return co_await inner_.LastId();
}

Task<Result<std::vector<StoredJob>>> FaultyStore::LoadReady(JobId after, std::size_t count,
                                                            std::size_t text_bytes_max) {
  TM_CO_TRY_ASSIGN(auto jobs, co_await inner_.LoadReady(after, count, text_bytes_max));
  if (bug_ == StoreBug::kSkipsRows && !jobs.empty()) jobs.pop_back();
  co_return jobs;
}

}  // namespace tidemill::jobs::testing
