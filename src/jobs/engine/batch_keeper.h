// BatchKeeper: the batches of an engine: jobs join them when they are pushed and count when they end; what
// changes is written in the flush of what caused it, and callbacks are pushed in it.
//
// Loop thread only: the engine's.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "jobs/batches/batches.h"
#include "jobs/engine/commit_waiter.h"
#include "jobs/engine/core.h"
#include "jobs/engine/plugin.h"
#include "net/timer_wheel.h"

namespace tidemill::jobs {

class BatchKeeper final : public EnginePlugin, net::Timer {
 public:
  static constexpr Duration kExpireInterval = Seconds(30);

  explicit BatchKeeper(Core& core, Batches::Options options);
  ~BatchKeeper() override;

  // WaitForCommit follows these. The id of the new batch.
  Result<std::string> New(BatchDefinition definition);
  Result<> Open(std::string_view bid);
  Result<> Commit(std::string_view bid);
  Result<Batch> Find(std::string_view bid) const;
  std::vector<Batch> List(std::string_view after, std::size_t count) const;
  std::size_t size() const { return batches_.size(); }

  Task<Result<>> Recover(Store& store) override;
  void Forget() override;
  Result<> CheckPush(const job::Job& job, JobId id) override;
  Admission OnPush(const job::Job& job, JobId id, Gathering& gathering) override;
  void OnDropped(const PushedJob& job, KeptGatherings kept) override;
  void BeforeFlush(Gathering& gathering) override;
  void OnRunNow(job::Job& job, Place place, Gathering& gathering) override;
  void OnOutcome(const Outcome& outcome, Gathering& gathering) override;

 private:
  // What a client asked for, until it is committed or not.
  struct Asking final : CommitWaiter {
    Asking(BatchKeeper& of, Batches::Asked what) : keeper(of), asked(std::move(what)) {}
    void OnRefused(KeptGatherings kept) override;
    void OnCommit(const Result<>& result) override;
    BatchKeeper& keeper;
    Batches::Asked asked;
  };

  void OnTimer() override;
  Result<> MayAsk() const;
  // What it was asked for is not kept: no record in any of `kept` is to speak of it.
  void TakeBack(const Batches::Asked& asked, KeptGatherings kept) const;
  void Settle(Asking& asking, const Result<>& result);
  void WaitFor(Batches::Asked asked);
  void PushDue(Gathering& gathering);

  Core& core_;
  Batches batches_;
  std::unordered_map<const Asking*, std::unique_ptr<Asking>> asking_;
};

}  // namespace tidemill::jobs
