#include "jobs/engine/act.h"

#include <fmt/format.h>

#include <unordered_set>
#include <utility>

#include "jobs/engine/ending.h"
#include "jobs/engine/fetch.h"
#include "jobs/engine/memory_bulk.h"
#include "jobs/engine/push.h"
#include "jobs/engine/refill.h"
#include "net/next_turn.h"

namespace tidemill::jobs {
namespace {

constexpr std::size_t kPage = 500;

// Of a job whose text says nothing, its row does; that it is a node cannot be ruled out.
job::Job ReadJob(const StoredJob& stored, WallTime now) {
  if (auto job = job::ParseJob(stored.text, now, kStoredTextBytesMax)) return *std::move(job);
  job::Job job;
  job.jid = stored.jid;
  job.queue = stored.queue;
  job.type = stored.type;
  job.flow.emplace().workflow = "unknown";
  return job;
}

// null: it waits nowhere.
const queue::Entry* FindWaiting(const Core& core, const Located& located) {
  const JobId id = located.job.id;
  if (const queue::Entry* const entry = core.dispatcher.Jobs(located.queue).Find(id)) return entry;
  const Limiter* const limiter = core.limits.Find(located.queue);
  if (const ParkedJob* const parked = limiter == nullptr ? nullptr : limiter->FindParked(id)) {
    return &parked->entry;
  }
  for (auto [at, end] = core.parked.equal_range(located.job.jid); at != end; ++at) {
    if (at->second.entry.id == id) return &at->second.entry;
  }
  return nullptr;
}

// Nobody but its queue has the text of a job that lives in memory.
void ReadMemory(const Core& core, Located& located) {
  StoredJob& job = located.job;
  if (!IsInMemory(job.id) || !job.text.empty()) return;
  const queue::Entry* const entry = FindWaiting(core, located);
  if (entry == nullptr) return;
  job.text = entry->text;
  if (const auto read = job::ParseJob(job.text, core.Now(), kStoredTextBytesMax)) {
    job.type = read->type;
    job.priority = read->priority;
  }
}

void DiscardLocated(Core& core, Located& located) {
  ReadMemory(core, located);
  const job::Job job = ReadJob(located.job, core.Now());
  Gathering& gathering = core.GatherFor(located.queue);
  TakeOut(core, located, gathering);
  Discard(core, {.job = &job, .id = located.job.id, .queue = located.queue, .place = located.place},
          gathering);
}

Result<> ActOn(Core& core, BulkAction::Action action, Located located) {
  switch (action) {
    case BulkAction::Action::kDiscard: DiscardLocated(core, located); return {};
    case BulkAction::Action::kKill: KillLocated(core, std::move(located)); return {};
    case BulkAction::Action::kRequeue: break;
  }
  return RunNow(core, located);
}

struct Slice {
  std::size_t done = 0;
  std::string next;
};

// A page of what is listed; what moved meanwhile is somebody else's.
Task<Result<Slice>> ActOnPage(Core& core, const BulkAction& action, PageRequest request) {
  const std::uint64_t tenure = core.tenure;
  TM_CO_TRY(core.Serving());
  Moves::Watch watch(core.moves);
  TM_CO_TRY(co_await AllWritten(core.flusher));
  TM_CO_TRY_ASSIGN(JobPage page, co_await core.store.List(request));
  Slice slice{.done = 0, .next = std::move(page.next)};
  for (JobPage::Item& item : page.items) {
    if (core.loop.ShareSpent()) co_await net::NextTurn(core.loop);
    if (tenure != core.tenure) co_return std::unexpected(Error{Errc::kNotAvailable, "the jobs have moved"});
    if (watch.Moved(item.job.id) || (action.matches && !action.matches(item.job.text))) continue;
    // What a worker has is still a row of its queue.
    if (request.place == Place::kReady && core.working.Find(item.job.jid) != nullptr) continue;
    TM_CO_TRY_ASSIGN(const queue::QueueId queue, core.OpenQueue(item.job.queue));
    Located located{
        .job = std::move(item.job), .queue = queue, .place = request.place, .wait = item.wait, .at = item.at};
    if (ActOn(core, action.action, std::move(located))) ++slice.done;
  }
  co_return slice;
}

bool IsMeant(const BulkAction& action, const Located& located) {
  return !action.wait || located.wait == *action.wait;
}

}  // namespace

void KillLocated(Core& core, Located located) {
  ReadMemory(core, located);
  Gathering& gathering = core.GatherFor(located.queue);
  TakeOut(core, located, gathering);
  StoredJob job = std::move(located.job);
  // What waits in its queue under that id is not to be given to anybody.
  if (IsInMemory(job.id) || located.place == Place::kReady) job.id = JobId(++core.last_id);
  core.Changed(core.ChangeOf(job, JobState::kDead));
  const job::Job read = ReadJob(job, core.Now());
  for (EnginePlugin* const plugin : core.plugins) {
    plugin->OnOutcome({.jid = job.jid,
                       .queue = job.queue,
                       .type = job.type,
                       .batch = read.batch,
                       .roles = Roles::Of(read),
                       .state = JobState::kDead,
                       .result = {},
                       .had_failed = read.failure.has_value()},
                      gathering);
  }
  const std::string jid = job.jid;
  PutDead(core, std::move(job), gathering);
  Unpark(core, jid);
}

Task<Result<JobState>> Cancel(Core& core, std::string jid) {
  TM_CO_TRY(core.Serving());
  auto located = co_await Locate(core, jid);
  if (Held* const held = core.working.Find(jid)) {
    held->is_cancelled = true;
    co_return JobState::kWorking;
  }
  if (!located) co_return std::unexpected(located.error());
  if (located->place == Place::kDead) {
    co_return Fail(Errc::kInvalidArgument, fmt::format("job {} is dead already", jid));
  }
  DiscardLocated(core, *located);
  co_return StateAt(*located);
}

// Finding them all is cheap; what is looked at in each is not.
Task<Result<std::size_t>> CancelWorking(Core& core, std::vector<std::string> jids, JobFilter filter) {
  TM_CO_TRY(core.Serving());
  if (jids.empty()) core.working.ForEach([&](const Held& held) { jids.push_back(held.jid); });
  std::size_t count = 0;
  for (const std::string& jid : jids) {
    if (core.loop.ShareSpent()) co_await net::NextTurn(core.loop);
    Held* const held = core.working.Find(jid);
    if (held == nullptr || held->is_cancelled) continue;
    const bool is_meant = (filter.queue.empty() || core.dispatcher.Name(held->queue) == filter.queue) &&
                          (filter.type.empty() || held->type == filter.type) &&
                          held->text.contains(filter.contains);
    if (!is_meant) continue;
    held->is_cancelled = true;
    ++count;
  }
  co_return count;
}

Result<> RunNow(Core& core, const Located& located) {
  const WallTime now = core.Now();
  TM_TRY_ASSIGN(job::Job job, job::ParseJob(located.job.text, now, kStoredTextBytesMax));
  if (located.place == Place::kDead) job.failure.reset();
  job.enqueued_at = now;
  Gathering& gathering = core.GatherFor(located.queue);
  for (EnginePlugin* const plugin : core.plugins) plugin->OnRunNow(job, located.place, gathering);
  Enqueued enqueued = ReadEnqueued(job, located.job.id, located.queue);
  TakeOut(core, located, gathering);
  if (IsInMemory(located.job.id)) {
    core.in_memory[job.jid] = {.id = located.job.id, .queue = located.queue};
  } else {
    gathering.Insert(enqueued.job);
  }
  Enqueue(core, std::move(enqueued));
  return {};
}

Task<Result<>> Retry(Core& core, std::string jid) {
  TM_CO_TRY_ASSIGN(const Located located, co_await Locate(core, jid));
  if (located.place == Place::kReady) co_return Result<>();
  co_return RunNow(core, located);
}

Task<Result<>> Kill(Core& core, std::string jid) {
  TM_CO_TRY_ASSIGN(Located located, co_await Locate(core, jid));
  if (located.place != Place::kDead) KillLocated(core, std::move(located));
  co_return Result<>();
}

Task<Result<std::size_t>> ApplyToMany(Core& core, BulkAction action) {
  TM_CO_TRY(core.Serving());
  std::size_t done = 0;
  if (!action.jids.empty()) {
    for (const std::string& jid : action.jids) {
      if (core.loop.ShareSpent()) co_await net::NextTurn(core.loop);
      auto located = co_await Locate(core, jid, action.place);
      if (!located && located.error().code != Errc::kNotFound &&
          located.error().code != Errc::kAlreadyExists) {
        co_return std::unexpected(located.error());
      }
      if (!located || !IsMeant(action, *located)) continue;
      if (ActOn(core, action.action, *std::move(located))) ++done;
    }
    co_return done;
  }
  PageRequest request{.place = action.place, .filter = action.filter, .cursor = {}, .count = kPage};
  if (action.wait) request.filter.wait = action.wait;
  do {
    TM_CO_TRY_ASSIGN(Slice slice, co_await ActOnPage(core, action, request));
    done += slice.done;
    request.cursor = std::move(slice.next);
  } while (!request.cursor.empty());
  TM_CO_TRY(co_await VisitMemory(core, action.place, request.filter, [&](Located located) {
    if (action.matches && !action.matches(located.job.text)) return;
    if (ActOn(core, action.action, std::move(located))) ++done;
  }));
  TM_CO_TRY(co_await CommitOf(core.flusher));
  co_return done;
}

}  // namespace tidemill::jobs
