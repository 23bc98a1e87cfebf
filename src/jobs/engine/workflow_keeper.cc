#include "jobs/engine/workflow_keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "jobs/engine/act.h"
#include "jobs/engine/ending.h"
#include "jobs/engine/find.h"
#include "jobs/engine/load_records.h"
#include "jobs/engine/push.h"
#include "jobs/engine/refill.h"
#include "net/next_turn.h"
#include "net/sleep.h"

namespace tidemill::jobs {
namespace {

constexpr std::size_t kToldAtOnce = 500;
constexpr std::size_t kCarriedAtOnce = 200;
constexpr std::size_t kForgottenAtOnce = 200;
constexpr std::size_t kRecoveredAtOnce = 500;
constexpr Duration kLookAgainAfter = Milliseconds(50);

struct Blocked {
  job::Job job;
  Located located;
};

// nullopt: its text is damaged, which the log says.
std::optional<Blocked> ReadBlocked(Core& core, JobPage::Item item) {
  const auto queue = core.OpenQueue(item.job.queue);
  auto job = job::ParseJob(item.job.text, core.Now(), kStoredTextBytesMax);
  if (!queue || !job) {
    log::Error("jobs.text_damaged", {{"id", item.job.id.value()}});
    return std::nullopt;
  }
  return Blocked{
      .job = *std::move(job),
      .located = {
          .job = std::move(item.job), .queue = *queue, .place = Place::kLater, .wait = Wait::kBlocked}};
}

}  // namespace

void SetInputs(job::Job& job, const Workflows::Inputs& inputs) {
  std::vector<job::CustomMember> members;
  if (!inputs.results.empty()) members.push_back({"_results", inputs.results});
  if (!inputs.signals.empty()) members.push_back({"_signals", inputs.signals});
  if (!inputs.failed.empty()) members.push_back({"_failed", inputs.failed});
  if (!inputs.timed_out.empty()) members.push_back({"_timed_out", inputs.timed_out});
  if (!members.empty()) job::SetCustom(job, members);
}

WorkflowKeeper::WorkflowKeeper(Core& core, Workflows::Options options) : core_(core), workflows_(options) {}
WorkflowKeeper::~WorkflowKeeper() = default;

// What could refuse the later ones is asked before the first is pushed.
Result<> WorkflowKeeper::CheckAll(const std::vector<job::Job>& jobs, std::deque<QueuePin>& pins) {
  if (!workflows_.MakeRoom(jobs.size())) {
    return Fail(Errc::kLimitExceeded,
                fmt::format("at most {} jobs that wait, or belong to a workflow (jobs.workflow_jobs_max)",
                            core_.options.workflows.nodes_max));
  }
  std::set<std::string_view> locks;
  std::unordered_map<std::uint32_t, std::uint64_t> coming;  // by queue
  for (const job::Job& job : jobs) {
    TM_TRY_ASSIGN(const queue::QueueId queue, core_.OpenQueue(job.queue));
    const auto [at, is_new] = coming.emplace(queue.value(), 0);
    if (is_new) pins.emplace_back(core_, queue);
    TM_TRY(CheckRoom(core_, job, queue, at->second++));
    if (job.unique) {
      TM_TRY(core_.locks.MayTake(job.unique->key, core_.Now()));
      if (!locks.insert(job.unique->key).second) {
        return Fail(Errc::kAlreadyExists, "two jobs of the workflow are the same unique one");
      }
    }
    if (core_.locks.size() + locks.size() > core_.options.unique_max) {
      return Fail(Errc::kLimitExceeded, fmt::format("at most {} unique jobs at a time (jobs.unique_max)",
                                                    core_.options.unique_max));
    }
    job::Job bare = job;  // what it depends on is pushed with it
    bare.flow->depends_on.clear();
    const bool in_memory = core_.At(queue).settings.durability == Durability::kMemory;
    const JobId id(in_memory ? kMemoryIds : core_.last_id + 1);
    for (EnginePlugin* const plugin : core_.plugins) TM_TRY(plugin->CheckPush(bare, id));
  }
  return {};
}

Result<std::string> WorkflowKeeper::Push(WorkflowDefinition definition) {
  TM_TRY(core_.Serving());
  std::string id = "w-" + RandomLetters(14);
  TM_TRY_ASSIGN(std::vector<job::Job> jobs, MakeJobs(std::move(definition), id, core_.Now()));
  std::deque<QueuePin> pins;
  TM_TRY(CheckAll(jobs, pins));
  Gathering& gathering = core_.flusher.Gather();
  for (job::Job& job : jobs) {
    TM_TRY(jobs::Push(core_, std::move(job), Origin::kTogether, gathering));  // CheckAll: it succeeds
  }
  return id;
}

Result<> WorkflowKeeper::Signal(std::string_view name, std::string payload) {
  TM_TRY(core_.Serving());
  core_.flusher.MarkWaited();
  TM_TRY(workflows_.Signal(name, std::move(payload), core_.Now()));
  Work();
  return {};
}

Result<> WorkflowKeeper::Skip(std::string_view sequence) {
  TM_TRY(core_.Serving());
  core_.flusher.MarkWaited();
  TM_TRY(workflows_.Skip(sequence, core_.Now()));
  Work();
  return {};
}

Task<Result<>> WorkflowKeeper::Recover(Store& store) {
  const auto load = [this](const Record& record) { return workflows_.Load(record); };
  TM_CO_TRY(co_await LoadRecords(core_.loop, store, std::string(kNodeKind), load));
  TM_CO_TRY(co_await LoadRecords(core_.loop, store, std::string(kSignalKind), load));
  core_.flusher.MarkWaited();
  while (workflows_.Recover(kRecoveredAtOnce)) co_await net::NextTurn(core_.loop);
  for (const auto& [queue, count] : workflows_.blocked_by_queue()) {
    TM_CO_TRY_ASSIGN(const queue::QueueId id, core_.OpenQueue(queue));
    core_.At(id).later += count;
    core_.Count(Wait::kBlocked, static_cast<std::int64_t>(count));
  }
  core_.loop.timers().Schedule(*this, core_.loop.clock().Now());
  co_return Result<>();
}

void WorkflowKeeper::Forget() {
  core_.loop.timers().Cancel(*this);
  core_.forgotten.Add(workflows_.Clear());
  is_running_ = false;
}

void WorkflowKeeper::OnTimer() {
  if (core_.phase != Core::Phase::kServing) {
    return core_.loop.timers().Schedule(*this, core_.loop.clock().Now() + kLookAgainAfter);
  }
  core_.flusher.MarkWaited();
  const bool has_more = workflows_.Expire(core_.Now(), kForgottenAtOnce);
  Work();
  ScheduleTimer(has_more ? Duration() : kExpireInterval);
}

void WorkflowKeeper::ScheduleTimer(Duration at_most) {
  Duration in = at_most;
  if (const auto next = workflows_.next_timeout()) in = std::clamp(*next - core_.Now(), Duration(), in);
  const MonotonicTime at = core_.loop.clock().Now() + in;
  if (!scheduled() || at < deadline()) core_.loop.timers().Schedule(*this, at);
}

Result<> WorkflowKeeper::CheckPush(const job::Job& job, JobId id) {
  if (!IsNode(job)) return {};
  if (IsInMemory(id)) {
    return Fail(Errc::kInvalidArgument,
                fmt::format("queue {} is kept in memory only: its jobs cannot wait for others", job.queue));
  }
  return workflows_.Check(job);
}

EnginePlugin::Admission WorkflowKeeper::OnPush(const job::Job& job, JobId id, Gathering&) {
  const auto added = workflows_.Add(job, id, core_.Now());
  TM_ASSERT(added.has_value());  // CheckPush
  if (job.flow && job.flow->signals_within > Duration()) ScheduleTimer(kExpireInterval);
  if (*added != Workflows::Added::kBlocked) return Admission::kRun;
  Work();
  return Admission::kBlock;
}

void WorkflowKeeper::OnDropped(const PushedJob& job, KeptGatherings kept) {
  const StoredJob& row = job.row.job;
  if (!workflows_.Drop(row.jid, row.id, core_.Now())) return;
  for (Gathering* const gathering : kept) gathering->RemovePut(kNodeKind, row.jid);
  Work();
}

void WorkflowKeeper::BeforeFlush(Gathering& gathering) {
  if (core_.metrics) core_.metrics->ShowWorkflowJobs(workflows_.size());
  Workflows::Output output = workflows_.Gather();
  for (RecordKey& key : output.deletes) gathering.Remove(std::move(key));
  for (Record& record : output.records) gathering.Put(std::move(record));
}

void WorkflowKeeper::OnRunNow(job::Job& job, Place, Gathering&) {
  if (!IsNode(job)) return;  // a node has its jid by chance
  if (const auto inputs = workflows_.Release(job.jid, core_.Now())) SetInputs(job, *inputs);
  workflows_.Revive(job.jid, core_.Now());
}

void WorkflowKeeper::OnOutcome(const Outcome& outcome, Gathering&) {
  if (!outcome.roles.is_node) return;
  switch (outcome.state) {
    case JobState::kDone: workflows_.End(outcome.jid, NodeEnd::kDone, outcome.result, core_.Now()); break;
    case JobState::kDead: workflows_.End(outcome.jid, NodeEnd::kDead, "", core_.Now()); break;
    case JobState::kFailed:
    case JobState::kCancelled: workflows_.End(outcome.jid, NodeEnd::kGone, "", core_.Now()); break;
    default: return;
  }
  Work();
}

void WorkflowKeeper::Work() {
  if (!workflows_.has_work() || std::exchange(is_running_, true)) return;
  core_.scope.Spawn(Run(*this));
}

Task<void> WorkflowKeeper::Run(WorkflowKeeper& self) {
  const std::uint64_t tenure = self.core_.tenure;
  co_await net::NextTurn(self.core_.loop);
  while (tenure == self.core_.tenure && self.workflows_.has_work()) {
    self.core_.flusher.MarkWaited();  // what it changes goes with what is gathered from here on
    self.workflows_.Advance(kToldAtOnce, self.core_.Now());
    auto ready = self.workflows_.TakeReady(kCarriedAtOnce);
    auto cancelled = self.workflows_.TakeCancelled(kCarriedAtOnce);
    if (ready.empty() && cancelled.empty()) {
      co_await net::NextTurn(self.core_.loop);
      continue;
    }
    std::vector<std::string> jids;
    for (const auto* const list : {&ready, &cancelled}) {
      for (const auto& job : *list) jids.push_back(job.jid);
    }
    if (co_await self.Carry(std::move(ready), std::move(cancelled))) continue;
    if (tenure != self.core_.tenure) co_return;
    co_await net::Sleep(self.core_.loop, kLoadAgainAfter);
    if (tenure != self.core_.tenure) co_return;
    for (const std::string& jid : jids) self.workflows_.Return(jid);
  }
  if (tenure == self.core_.tenure) self.is_running_ = false;
}

// A row that has just been pushed may not be committed yet, hence the wait before it is read.
Task<Result<>> WorkflowKeeper::Carry(std::vector<Workflows::Ready> ready,
                                     std::vector<Workflows::Ready> cancelled) {
  const std::uint64_t tenure = core_.tenure;
  std::vector<JobId> ids;
  for (const auto* const list : {&ready, &cancelled}) {
    for (const auto& job : *list) ids.push_back(job.id);
  }
  TM_CO_TRY(co_await AllWritten(core_.flusher));
  if (tenure != core_.tenure) co_return Result<>();
  Moves::Watch watch(core_.moves);
  TM_CO_TRY_ASSIGN(auto items, co_await core_.store.Load(Place::kLater, std::move(ids)));
  std::unordered_map<std::uint64_t, JobPage::Item> found;
  for (JobPage::Item& item : items) found.emplace(item.job.id.value(), std::move(item));
  for (const auto* const list : {&ready, &cancelled}) {
    for (const auto& job : *list) {
      if (tenure != core_.tenure) co_return Result<>();
      const auto at = found.find(job.id.value());
      if (watch.Moved(job.id)) {
        workflows_.Return(job.jid);
      } else if (at == found.end()) {
        log::Error("jobs.row_missing", {{"id", job.id.value()}});
        core_.flusher.MarkWaited();
        workflows_.End(job.jid, NodeEnd::kGone, "", core_.Now());
      } else {
        if (list == &cancelled) {
          EndOne(std::move(at->second), job.timed_out);
        } else {
          CarryOne(std::move(at->second));
        }
      }
      if (core_.loop.ShareSpent()) co_await net::NextTurn(core_.loop);
    }
  }
  co_return Result<>();
}

void WorkflowKeeper::EndOne(JobPage::Item item, const std::string& timed_out) {
  auto blocked = ReadBlocked(core_, std::move(item));
  if (!blocked) return;
  auto& [job, located] = *blocked;
  if (timed_out.empty()) {
    Gathering& gathering = core_.GatherFor(located.queue);
    TakeOut(core_, located, gathering);
    return Discard(core_, {.job = &job, .id = located.job.id, .queue = located.queue, .place = Place::kLater},
                   gathering);
  }
  job.failure = job::Failure{.failed_at = core_.Now(),
                             .next_at = {},
                             .error = {.type = "SignalTimeout",
                                       .message = fmt::format("signal {} has not come in time", timed_out),
                                       .backtrace = {}}};
  located.job.text.clear();
  job::AppendText(job, located.job.text);
  KillLocated(core_, std::move(located));
}

void WorkflowKeeper::CarryOne(JobPage::Item item) {
  auto blocked = ReadBlocked(core_, std::move(item));
  if (!blocked) return;
  auto& [job, located] = *blocked;
  Gathering& gathering = core_.GatherFor(located.queue);
  const auto inputs = workflows_.Release(located.job.jid, core_.Now());
  if (!inputs) return;
  SetInputs(job, *inputs);
  TakeOut(core_, located, gathering);
  Unblock(core_, std::move(job), located.job.id, located.queue, gathering);
}

}  // namespace tidemill::jobs
