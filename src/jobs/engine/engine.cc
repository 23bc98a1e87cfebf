#include "jobs/engine/engine.h"

#include <utility>

#include "jobs/engine/act.h"
#include "jobs/engine/batch_keeper.h"
#include "jobs/engine/core.h"
#include "jobs/engine/ending.h"
#include "jobs/engine/fetch.h"
#include "jobs/engine/find.h"
#include "jobs/engine/orphans.h"
#include "jobs/engine/push.h"
#include "jobs/engine/queues.h"
#include "jobs/engine/tenure.h"
#include "jobs/engine/workflow_keeper.h"
#include "net/run_to_end.h"

namespace tidemill::jobs {

Engine::Engine(net::Loop& loop, Store& store, Options options)
    : loop_(loop),
      core_(std::make_unique<Core>(loop, store, std::move(options))),
      batches_(std::make_unique<BatchKeeper>(*core_, core_->options.batches)),
      workflows_(std::make_unique<WorkflowKeeper>(*core_, core_->options.workflows)) {
  AddPlugin(*batches_);
  AddPlugin(*workflows_);
}

Engine::~Engine() = default;

void Engine::AddListener(JobListener& listener) { core_->listeners.push_back(&listener); }

void Engine::AddPlugin(EnginePlugin& plugin) {
  core_->plugins.push_back(&plugin);
  plugin.Attach(*core_);
}

void Engine::AddTenureListener(TenureListener& listener) { core_->tenure_listeners.push_back(&listener); }
void Engine::Advertise(std::string address) { core_->address = std::move(address); }

void Engine::Start() { core_->scope.Spawn(Own(*core_)); }
Task<void> Engine::Stop() { co_await RunToEnd(core_->scope, StopOwning(*core_)); }
std::optional<std::string> Engine::problem() const { return core_->Problem(); }
std::optional<Owner> Engine::owner() const { return core_->other_owner; }

void Engine::WaitForCommit(CommitWaiter& waiter) { core_->flusher.Wait(waiter); }
Task<Result<>> Engine::Committed() { co_return co_await CommitOf(core_->flusher); }

bool Engine::answers_acks_at_once() const {
  const Flusher& flusher = core_->flusher;
  return core_->options.acks == AckAnswer::kReceived && flusher.problem().empty() && flusher.Room();
}

Result<> Engine::Push(job::Job job) { return jobs::Push(*core_, std::move(job), Origin::kProducer); }

Result<std::string> Engine::NewBatch(BatchDefinition definition) {
  return batches_->New(std::move(definition));
}
Result<> Engine::OpenBatch(std::string_view bid) { return batches_->Open(bid); }
Result<> Engine::CommitBatch(std::string_view bid) { return batches_->Commit(bid); }
Result<Batch> Engine::FindBatch(std::string_view bid) const { return batches_->Find(bid); }
std::vector<Batch> Engine::ListBatches(std::string_view after, std::size_t count) const {
  return batches_->List(after, count);
}

Result<std::string> Engine::PushWorkflow(WorkflowDefinition definition) {
  return workflows_->Push(std::move(definition));
}
Result<> Engine::SendSignal(std::string_view name, std::string payload) {
  return workflows_->Signal(name, std::move(payload));
}
Result<> Engine::SkipInSequence(std::string_view key) { return workflows_->Skip(key); }
std::optional<NodeView> Engine::FindNode(std::string_view jid) const {
  return workflows_->workflows().Find(jid);
}
std::vector<NodeView> Engine::Workflow(std::string_view id, std::size_t count) const {
  return workflows_->workflows().Workflow(id, count);
}
std::vector<SequenceView> Engine::Sequences(std::string_view after, std::size_t count) const {
  return workflows_->workflows().Sequences(after, count);
}

Result<> Engine::SetLimits(std::string_view queue, QueueLimits limits) {
  return core_->limits.Set(queue, std::move(limits));
}
Result<> Engine::ResetLimits(std::string_view queue) { return core_->limits.Reset(queue); }
void Engine::ConfigureLimits(std::map<std::string, QueueLimits, std::less<>> limits) {
  core_->limits.Configure(std::move(limits));
}
std::optional<LimitsView> Engine::Limits(std::string_view queue, std::size_t keys) const {
  const auto id = core_->dispatcher.Find(queue);
  const Limiter* const limiter = id ? core_->limits.Find(*id) : nullptr;
  const QueueLimits& limits = core_->limits.LimitsOf(queue);
  if (limiter == nullptr && !limits.limits_anything()) return std::nullopt;
  const bool is_configured = core_->limits.IsConfigured(queue);
  if (limiter == nullptr) {
    return LimitsView{.limits = limits, .is_configured = is_configured, .blocked_keys = {}};
  }
  return LimitsView{.limits = limiter->limits(),
                    .is_configured = is_configured,
                    .running = limiter->held(),
                    .parked = limiter->parked(),
                    .blocked_keys = limiter->BlockedKeys(keys)};
}

Result<> Engine::AddWorker(WorkerInfo info) { return core_->workers.Add(std::move(info)); }
void Engine::WorkerConnected(std::string_view wid) { core_->workers.Connected(wid); }
void Engine::WorkerDisconnected(std::string_view wid) { core_->workers.Disconnected(wid); }
Result<WorkerState> Engine::Beat(std::string_view wid, std::int64_t rss_kb, std::optional<WorkerState> says) {
  return core_->workers.Beat(wid, rss_kb, says);
}
std::size_t Engine::Signal(std::string_view wid, WorkerState state) {
  return core_->workers.Signal(wid, state);
}

Result<> Engine::Fetch(FetchRequest& request, std::string_view wid, std::span<const std::string> queues) {
  return jobs::Fetch(*core_, request, wid, queues);
}
void Engine::CancelFetch(FetchRequest& request) { Waiting::Of(request).reset(); }

Result<> Engine::Ack(std::string_view jid, std::string result) {
  return jobs::Ack(*core_, jid, std::move(result));
}
Result<> Engine::Fail(std::string_view jid, job::ErrorReport error) {
  return jobs::Fail(*core_, jid, std::move(error));
}
bool Engine::Has(std::string_view wid, std::string_view jid) const {
  const Held* const held = core_->working.Find(jid);
  return held != nullptr && held->wid == wid;
}
bool Engine::MayBeOrphan(std::string_view jid) const {
  return core_->orphans.jids.Contains(jid) && core_->working.Find(jid) == nullptr;
}
Task<Result<>> Engine::AckOrphan(std::string jid, std::string result) {
  co_return co_await RunToEnd(core_->scope, jobs::AckOrphan(*core_, std::move(jid), std::move(result)));
}
Task<Result<>> Engine::FailOrphan(std::string jid, job::ErrorReport error) {
  co_return co_await RunToEnd(core_->scope, jobs::FailOrphan(*core_, std::move(jid), std::move(error)));
}
Result<> Engine::GiveBack(std::string_view jid) { return jobs::GiveBack(*core_, jid); }
Result<> Engine::SetTrack(std::string_view jid, Track track) {
  return jobs::SetTrack(*core_, jid, std::move(track));
}
Task<Result<>> Engine::SetEndedTrack(std::string jid, Track track) {
  co_return co_await RunToEnd(core_->scope, jobs::SetEndedTrack(*core_, std::move(jid), std::move(track)));
}

Task<Result<JobView>> Engine::Find(std::string jid) { return jobs::Find(*core_, std::move(jid)); }

Task<Result<JobPage>> Engine::List(PageRequest request) {
  TM_CO_TRY(core_->Serving());
  co_return co_await core_->store.List(std::move(request));
}

std::vector<JobView> Engine::Working(std::size_t from, std::size_t count) const {
  return WorkingViews(*core_, from, count);
}

std::vector<QueueView> Engine::Queues() const { return QueueViews(*core_); }

std::optional<QueueView> Engine::FindQueue(std::string_view name) const {
  return FindQueueView(*core_, name);
}

std::vector<WorkerView> Engine::Workers() const {
  auto views = core_->workers.Views();
  for (WorkerView& view : views) view.reserved = core_->working.CountOf(view.info.wid);
  return views;
}

Counts Engine::counts() const { return core_->AllCounts(); }

Result<> Engine::SetSchedule(ScheduleSpec spec) { return core_->schedules.Set(std::move(spec)); }
Result<> Engine::RemoveSchedule(std::string_view name) { return core_->schedules.Remove(name); }
Result<> Engine::PauseSchedule(std::string_view name) { return core_->schedules.Pause(name); }
Result<> Engine::ResumeSchedule(std::string_view name) { return core_->schedules.Resume(name); }
Result<std::string> Engine::RunSchedule(std::string_view name) { return core_->schedules.RunNow(name); }
void Engine::ConfigureSchedules(std::vector<ScheduleSpec> specs) {
  core_->schedules.Configure(std::move(specs));
}
std::vector<ScheduleView> Engine::Schedules(std::string_view after, std::size_t count,
                                            std::size_t next_count) const {
  return core_->schedules.Views(after, count, next_count);
}
std::optional<ScheduleView> Engine::FindSchedule(std::string_view name, std::size_t next_count) const {
  return core_->schedules.View(name, next_count);
}
void Engine::LookIntoInbox() { core_->inbox.LookNow(); }
void Engine::HearInbox(bool hears) { core_->inbox.Hear(hears); }

Task<Result<JobState>> Engine::Cancel(std::string jid) {
  co_return co_await RunToEnd(core_->scope, jobs::Cancel(*core_, std::move(jid)));
}
Task<Result<>> Engine::Retry(std::string jid) {
  co_return co_await RunToEnd(core_->scope, jobs::Retry(*core_, std::move(jid)));
}
Task<Result<>> Engine::Kill(std::string jid) {
  co_return co_await RunToEnd(core_->scope, jobs::Kill(*core_, std::move(jid)));
}
Task<Result<std::size_t>> Engine::Apply(BulkAction action) {
  co_return co_await RunToEnd(core_->scope, ApplyToMany(*core_, std::move(action)));
}
Task<Result<std::size_t>> Engine::CancelWorking(std::vector<std::string> jids, JobFilter filter) {
  return jobs::CancelWorking(*core_, std::move(jids), std::move(filter));
}
Result<> Engine::Pause(std::string_view queue) { return jobs::Pause(*core_, queue); }
Result<> Engine::Resume(std::string_view queue) { return jobs::Resume(*core_, queue); }
Task<Result<std::size_t>> Engine::RemoveQueue(std::string queue) {
  co_return co_await RunToEnd(core_->scope, jobs::RemoveQueue(*core_, std::move(queue)));
}
Task<Result<>> Engine::Clear() { co_return co_await RunToEnd(core_->scope, ClearAll(*core_)); }

}  // namespace tidemill::jobs
