// FaultyStore: a store with a bug, to see whether a checker of the engine finds it. Everything else it leaves
// to a MemoryStore.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "jobs/store/testing/memory_store.h"

namespace tidemill::jobs::testing {

enum class StoreBug : std::uint8_t {
  kNone,
  kForgetsFlushes,        // now and then one is answered, and not kept
  kKeepsWhatItRefuses,    // a flush that failed was kept all the same
  kForgetsReadyDeletes,   // acknowledged jobs stay
  kForgetsLaterDeletes,   // what ran stays scheduled
  kForgetsLocks,          // unique locks are not kept
  kKeepsLocks,            // unique locks are never released
  kForgetsSchedules,      // until when a schedule has fired is not kept
  kForgetsLater,          // scheduled jobs and retries are not kept
  kForgetsClaimsAndJobs,  // a claim takes its job with it
  kSkipsRows,             // a start does not see the last row of a page
  kIgnoresEpochs,         // who has lost the lease writes all the same
  kGivesIdsAgain,         // the largest id is not known
  kCount,
};

class FaultyStore final : public Store {
 public:
  FaultyStore(MemoryStore& inner, StoreBug bug) : inner_(inner), bug_(bug) {}

  Task<Result<Lease>> Acquire(LeaseRequest request) override { return inner_.Acquire(std::move(request)); }
  Task<Result<>> Release(LeaseRequest request) override { return inner_.Release(std::move(request)); }
  Task<Result<std::optional<Owner>>> FindOwner() override { return inner_.FindOwner(); }
  Task<Result<>> Commit(std::shared_ptr<const Flush> flush) override;
  Task<Result<JobId>> LastId() override;
  Task<Result<std::vector<StoredJob>>> LoadReady(JobId after, std::size_t count,
                                                 std::size_t text_bytes_max) override;
  Task<Result<std::vector<LaterEntry>>> LoadLater(LaterPosition after, std::size_t count) override {
    return inner_.LoadLater(after, count);
  }
  Task<Result<std::vector<Claim>>> LoadClaims(JobId after, std::size_t count) override {
    return inner_.LoadClaims(after, count);
  }
  Task<Result<std::vector<Record>>> LoadRecords(std::string kind, std::string after,
                                                std::size_t count) override {
    return inner_.LoadRecords(std::move(kind), std::move(after), count);
  }
  Task<Result<std::optional<Record>>> FindRecord(RecordKey key) override {
    return inner_.FindRecord(std::move(key));
  }
  Task<Result<std::vector<JobPage::Item>>> Load(Place place, std::vector<JobId> ids) override {
    return inner_.Load(place, std::move(ids));
  }
  Task<Result<JobPage>> List(PageRequest request) override { return inner_.List(std::move(request)); }
  Task<Result<std::uint64_t>> Count(Place place) override { return inner_.Count(place); }
  Task<Result<std::vector<InboxJob>>> LoadInbox(std::size_t count) override {
    return inner_.LoadInbox(count);
  }
  Task<Result<>> RingForInbox(bool rings) override { return inner_.RingForInbox(rings); }
  Task<Result<std::size_t>> Sweep(WallTime now, std::size_t count) override {
    return inner_.Sweep(now, count);
  }
  Task<Result<>> Clear(std::uint64_t epoch) override { return inner_.Clear(epoch); }

 private:
  void Spoil(Flush& flush) const;

  MemoryStore& inner_;
  const StoreBug bug_;
  std::size_t commits_ = 0;
};

}  // namespace tidemill::jobs::testing
