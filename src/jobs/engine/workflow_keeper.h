// WorkflowKeeper: the jobs of an engine that wait for others: they are blocked when they are pushed, and
// brought to their queues when what they wait for has come.
//
// A blocked job's text is in the store alone; it is loaded in pages when it may run. Loop thread only: the
// engine's.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/engine/core.h"
#include "jobs/engine/plugin.h"
#include "jobs/workflows/definition.h"
#include "jobs/workflows/workflows.h"
#include "net/timer_wheel.h"

namespace tidemill::jobs {

class WorkflowKeeper final : public EnginePlugin, net::Timer {
 public:
  static constexpr Duration kExpireInterval = Seconds(30);
  static constexpr Duration kLoadAgainAfter = Seconds(1);

  WorkflowKeeper(Core& core, Workflows::Options options);
  ~WorkflowKeeper() override;

  // WaitForCommit follows these three. All jobs of it, or none; gives its id.
  Result<std::string> Push(WorkflowDefinition definition);
  Result<> Signal(std::string_view name, std::string payload);
  Result<> Skip(std::string_view sequence);
  const Workflows& workflows() const { return workflows_; }

  Task<Result<>> Recover(Store& store) override;
  void Forget() override;
  Result<> CheckPush(const job::Job& job, JobId id) override;
  Admission OnPush(const job::Job& job, JobId id, Gathering& gathering) override;
  void OnDropped(const PushedJob& job, KeptGatherings kept) override;
  void BeforeFlush(Gathering& gathering) override;
  void OnRunNow(job::Job& job, Place place, Gathering& gathering) override;
  void OnOutcome(const Outcome& outcome, Gathering& gathering) override;

 private:
  void OnTimer() override;
  // Whether all of them can be pushed, as long as the pins are there.
  Result<> CheckAll(const std::vector<job::Job>& jobs, std::deque<QueuePin>& pins);
  // Sees to it that those who may run are brought to their queues.
  void Work();
  static Task<void> Run(WorkflowKeeper& self);
  Task<Result<>> Carry(std::vector<Workflows::Ready> ready, std::vector<Workflows::Ready> cancelled);
  void CarryOne(JobPage::Item item);
  // It is not to run: cancelled, or dead with an error that names the signal that has not come in time.
  void EndOne(JobPage::Item item, const std::string& timed_out);
  // No later than it is scheduled already.
  void ScheduleTimer(Duration at_most);

  Core& core_;
  Workflows workflows_;
  bool is_running_ = false;
};

// The members of custom that a released job is given.
void SetInputs(job::Job& job, const Workflows::Inputs& inputs);

}  // namespace tidemill::jobs
