#include "jobs/engine/engine.h"

#include <utility>

#include "jobs/engine/act.h"
#include "jobs/engine/core.h"
#include "jobs/engine/ending.h"
#include "jobs/engine/fetch.h"
#include "jobs/engine/find.h"
#include "jobs/engine/push.h"
#include "jobs/engine/queues.h"
#include "jobs/engine/tenure.h"
#include "net/run_to_end.h"

namespace tidemill::jobs {

Engine::Engine(net::Loop& loop, Store& store, Options options)
    : loop_(loop), core_(std::make_unique<Core>(loop, store, std::move(options))) {}

Engine::~Engine() = default;

void Engine::AddListener(JobListener& listener) { core_->listeners.push_back(&listener); }

void Engine::AddPlugin(EnginePlugin& plugin) {
  core_->plugins.push_back(&plugin);
  plugin.Attach(*core_);
}

void Engine::Start() { core_->scope.Spawn(Own(*core_)); }
Task<void> Engine::Stop() { co_await RunToEnd(core_->scope, StopOwning(*core_)); }
std::optional<std::string> Engine::problem() const { return core_->Problem(); }
std::optional<Owner> Engine::owner() const { return core_->other_owner; }

void Engine::WaitForCommit(CommitWaiter& waiter) { core_->flusher.Wait(waiter); }
Task<Result<>> Engine::Committed() { co_return co_await CommitOf(core_->flusher); }

Result<> Engine::Push(job::Job job) { return jobs::Push(*core_, std::move(job), Origin::kProducer); }

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
Result<> Engine::GiveBack(std::string_view jid) { return jobs::GiveBack(*core_, jid); }
Result<> Engine::SetTrack(std::string_view jid, Track track) {
  return jobs::SetTrack(*core_, jid, std::move(track));
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

Counts Engine::counts() const {
  Counts counts = core_->counts;
  counts.scheduled += core_->blocked;
  counts.working = core_->working.size();
  for (std::uint32_t i = 0; i < core_->queues.size(); ++i)
    counts.enqueued += core_->ReadyIn(queue::QueueId(i));
  counts.processed = core_->stats.total().processed;
  counts.failures = core_->stats.total().failed;
  counts.workers = core_->workers.size();
  return counts;
}

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
Result<> Engine::Pause(std::string_view queue) { return jobs::Pause(*core_, queue); }
Result<> Engine::Resume(std::string_view queue) { return jobs::Resume(*core_, queue); }
Task<Result<std::size_t>> Engine::RemoveQueue(std::string queue) {
  co_return co_await RunToEnd(core_->scope, jobs::RemoveQueue(*core_, std::move(queue)));
}
Task<Result<>> Engine::Clear() { co_return co_await RunToEnd(core_->scope, ClearAll(*core_)); }

}  // namespace tidemill::jobs
