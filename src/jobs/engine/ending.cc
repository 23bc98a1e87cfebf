#include "jobs/engine/ending.h"

#include <fmt/format.h>

#include <utility>

#include "base/json.h"
#include "base/log.h"
#include "jobs/engine/fetch.h"
#include "jobs/engine/refill.h"
#include "jobs/job/retry.h"
#include "jobs/job/value.h"
#include "net/next_turn.h"

namespace tidemill::jobs {
namespace {

// So long what was said of a job is kept while it has not ended: longer than any retry takes to come.
constexpr Duration kKeptWhileOpen = Hours(24 * 400);

bool HasEnded(JobState state) {
  return state == JobState::kDone || state == JobState::kFailed || state == JobState::kDead ||
         state == JobState::kCancelled;
}

// The reservation ends; the row stays where it is.
std::unique_ptr<Held> TakeBack(Core& core, Held& held, Gathering& gathering) {
  core.moves.Note(held.id);
  --core.At(held.queue).working;
  if (held.is_claimed && !IsInMemory(held.id)) gathering.RemoveClaim(held.id);
  auto taken = core.working.Take(held);
  core.limits.Released(taken->queue, taken->id);
  return taken;
}

void RemoveReady(Core& core, const Held& held, Gathering& gathering) {
  if (IsInMemory(held.id)) {
    core.ForgetInMemory(held.jid, held.id);
  } else {
    gathering.Remove(Place::kReady, held.id);
    core.ready_jids.Remove(held.jid, held.id);
  }
  if (held.is_queued) {
    core.removed.insert(held.id.value());
    ++core.At(held.queue).removed;
  }
  if (!core.rescued.empty()) core.rescued.erase(held.id.value());
}

// What observers and plugins learn of an attempt that is over, and what is kept of it.
struct Over {
  const Held& held;
  JobState state = JobState::kUnknown;
  std::string_view error;
  std::string_view result;
  std::optional<WallTime> due_at;
  std::optional<bool> had_failed = std::nullopt;  // as the attempt says
};
void Tell(Core& core, const Over& over, Gathering& gathering) {
  const Held& held = over.held;
  // A copy: what a plugin pushes may need the place of the queue, which may be only a name by now.
  const std::string queue(core.dispatcher.Name(held.queue));
  JobChange change = core.ChangeOf(held, over.state);
  change.queue = queue;
  if (held.is_tracked || held.progress != nullptr || !over.result.empty()) {
    JobProgress progress = held.progress == nullptr ? JobProgress() : *held.progress;
    progress.state = over.state;
    progress.updated_at = core.Now();
    progress.result = over.result;
    PutProgress(core, held.jid, progress, gathering);
  }
  for (EnginePlugin* const plugin : core.plugins) {
    plugin->OnOutcome({.jid = held.jid,
                       .queue = queue,
                       .type = held.type,
                       .batch = held.batch,
                       .roles = held.roles,
                       .state = over.state,
                       .result = over.result,
                       .had_failed = over.had_failed.value_or(held.attempt > 1)},
                      gathering);
  }
  change.due_at = over.due_at;
  change.result = over.result;
  change.error = over.error;
  core.Changed(change);
}

// With the checkpoint that the worker has left.
std::string TextOf(const job::Job& job, const Held& held) {
  std::string text;
  job::AppendText(job, text);
  if (held.progress == nullptr || held.progress->checkpoint.empty()) return text;
  return WithCheckpoint(text, held.progress->checkpoint);
}

void MoveToRetry(Core& core, const job::Job& job, const Held& held, Gathering& gathering) {
  const WallTime at = *job.failure->next_at;
  LaterJob row{.job = {.id = held.id,
                       .jid = held.jid,
                       .queue = job.queue,
                       .type = held.type,
                       .priority = held.priority,
                       .text = TextOf(job, held)},
               .wait = Wait::kRetry,
               .run_at = at};
  LaterItem item{.id = held.id,
                 .run_at = at,
                 .wait = Wait::kRetry,
                 .queue = held.queue,
                 .text = row.job.text,
                 .in_memory = IsInMemory(held.id)};
  if (item.in_memory) {
    core.in_memory[held.jid] = {.id = held.id, .queue = held.queue};
  } else {
    gathering.Insert(std::move(row));
  }
  ++core.At(held.queue).later;
  core.Count(Wait::kRetry, 1);
  core.later.Add(std::move(item), core.Now());
  core.promoter.Consider(at);
}

// It was cancelled while its worker had it, and has not succeeded: it does not run again.
void EndCancelled(Core& core, Held& held) {
  Gathering& gathering = core.GatherFor(held.queue);
  const auto taken = TakeBack(core, held, gathering);
  RemoveReady(core, *taken, gathering);
  if (!taken->lock_key.empty()) core.locks.Release(taken->lock_key, taken->jid, gathering);
  Tell(core, {.held = *taken, .state = JobState::kCancelled, .error = {}, .result = {}, .due_at = {}},
       gathering);
  Unpark(core, taken->jid);
}

void FailHeld(Core& core, Held& held, job::ErrorReport error) {
  if (held.is_cancelled) return EndCancelled(core, held);
  const WallTime now = core.Now();
  Gathering& gathering = core.GatherFor(held.queue);
  const auto taken = TakeBack(core, held, gathering);
  RemoveReady(core, *taken, gathering);
  // What waits in its queue under that id is not to be given to anybody.
  if (taken->is_queued) taken->id = JobId(++core.last_id);
  core.stats.CountProcessed(now);
  core.stats.CountFailed(now);
  core.upkeep.WriteStatsSoon();
  auto job = job::ParseJob(taken->text, now, kStoredTextBytesMax);
  TM_ASSERT(job.has_value());  // it was read when it was reserved
  const std::string message = job::Reported(error).message;
  Over over{.held = *taken, .state = JobState::kFailed, .error = message, .result = {}, .due_at = {}};
  switch (job::Fail(*job, std::move(error), now, core.options.random())) {
    case job::AfterFailure::kRetry:
      over.state = JobState::kRetry;
      over.due_at = job->failure->next_at;
      MoveToRetry(core, *job, *taken, gathering);
      break;
    case job::AfterFailure::kDead: {
      over.state = JobState::kDead;
      StoredJob row{.id = taken->id,
                    .jid = taken->jid,
                    .queue = job->queue,
                    .type = taken->type,
                    .priority = taken->priority,
                    .text = TextOf(*job, *taken)};
      if (IsInMemory(row.id)) row.id = JobId(++core.last_id);
      PutDead(core, std::move(row), gathering);
      break;
    }
    case job::AfterFailure::kDiscard: break;
  }
  Tell(core, over, gathering);
  Unpark(core, taken->jid);
}

void GiveBackHeld(Core& core, Held& held) {
  if (held.is_cancelled) return EndCancelled(core, held);
  Gathering& gathering = core.GatherFor(held.queue);
  auto taken = TakeBack(core, held, gathering);
  const auto job = job::ParseJob(taken->text, core.Now(), kStoredTextBytesMax);
  TM_ASSERT(job.has_value());
  if (taken->progress != nullptr && !taken->progress->checkpoint.empty()) {
    taken->text = WithCheckpoint(taken->text, taken->progress->checkpoint);
    if (!IsInMemory(taken->id)) {
      gathering.Remove(Place::kReady, taken->id);
      gathering.Insert(StoredJob{.id = taken->id,
                                 .jid = taken->jid,
                                 .queue = job->queue,
                                 .type = taken->type,
                                 .priority = taken->priority,
                                 .text = taken->text});
    }
  }
  core.Changed(core.ChangeOf(*taken, JobState::kQueued));
  queue::Entry entry{.id = taken->id, .text = std::move(taken->text)};
  if (job->expires_at) entry.expires_at = *job->expires_at;
  Release(core, taken->queue, std::move(entry), taken->priority);
  Unpark(core, taken->jid);
}

Result<Held*> FindHeld(Core& core, std::string_view jid) {
  TM_TRY(core.Serving());
  Held* const held = core.working.Find(jid);
  if (held == nullptr) return Fail(Errc::kNotFound, fmt::format("Job not found {}", jid));
  return held;
}

}  // namespace

Result<> CheckResult(std::string& result) {
  if (result.size() > kResultBytesMax) {
    return Fail(Errc::kLimitExceeded, fmt::format("a result has at most {} bytes", kResultBytesMax));
  }
  return result.empty() ? Result<>() : job::OnOneLine(result, "a result");
}

Result<> Ack(Core& core, std::string_view jid, std::string result) {
  TM_TRY_ASSIGN(Held* const held, FindHeld(core, jid));
  TM_TRY(CheckResult(result));
  Gathering& gathering = core.GatherFor(held->queue);
  const auto taken = TakeBack(core, *held, gathering);
  RemoveReady(core, *taken, gathering);
  if (!taken->lock_key.empty()) core.locks.Release(taken->lock_key, taken->jid, gathering);
  core.stats.CountProcessed(core.Now());
  core.upkeep.WriteStatsSoon();
  Tell(core, {.held = *taken, .state = JobState::kDone, .error = {}, .result = result, .due_at = {}},
       gathering);
  Unpark(core, taken->jid);
  return {};
}

Result<> Fail(Core& core, std::string_view jid, job::ErrorReport error) {
  TM_TRY_ASSIGN(Held* const held, FindHeld(core, jid));
  FailHeld(core, *held, std::move(error));
  return {};
}

Result<> GiveBack(Core& core, std::string_view jid) {
  TM_TRY_ASSIGN(Held* const held, FindHeld(core, jid));
  GiveBackHeld(core, *held);
  return {};
}

Result<> SetTrack(Core& core, std::string_view jid, Track track) {
  TM_TRY_ASSIGN(Held* const held, FindHeld(core, jid));
  if (held->is_cancelled) return Fail(Errc::kCancelled, fmt::format("job {} was cancelled", jid));
  JobProgress progress = held->progress == nullptr ? JobProgress() : *held->progress;
  TM_TRY(Apply(track, progress));
  progress.state = JobState::kWorking;
  progress.updated_at = core.Now();
  held->progress = std::make_unique<JobProgress>(std::move(progress));
  Gathering& gathering = core.GatherFor(held->queue);
  if (track.reserve_until && held->until < *track.reserve_until) {
    held->until = std::min(*track.reserve_until, core.Now() + job::kReserveMax);
    core.working.Extend(*held, core.loop.clock().Now() + (held->until - core.Now()));
    if (held->is_claimed && !IsInMemory(held->id)) {
      gathering.PutClaim({.id = held->id, .wid = held->wid, .until = held->until});
    }
  }
  PutProgress(core, held->jid, *held->progress, gathering);
  JobChange change = core.ChangeOf(*held, JobState::kWorking);
  change.track = &track;
  core.Changed(change);
  return {};
}

Task<Result<>> SetEndedTrack(Core& core, std::string jid, Track track) {
  TM_CO_TRY(core.Serving());
  const std::uint64_t tenure = core.tenure;
  TM_CO_TRY(co_await AllWritten(core.flusher));
  TM_CO_TRY_ASSIGN(const auto record,
                   co_await core.store.FindRecord({.kind = std::string(kTrackKind), .key = jid}));
  if (tenure != core.tenure) co_return Fail(Errc::kNotAvailable, "the jobs have moved");
  if (core.working.Find(jid) != nullptr) co_return SetTrack(core, jid, std::move(track));
  JobProgress progress;
  if (record && (!record->expires_at || core.Now() < *record->expires_at)) {
    TM_CO_TRY_ASSIGN(progress, ParseProgress(record->value));
  }
  // Of what may run again, the record is its next attempt's.
  if (progress.state == JobState::kDead || !HasEnded(progress.state)) {
    co_return Fail(Errc::kNotFound, fmt::format("Job not found {}", jid));
  }
  TM_CO_TRY(Apply(std::move(track), progress));
  progress.updated_at = core.Now();
  PutProgress(core, jid, progress, core.flusher.Gather());
  co_return co_await CommitOf(core.flusher);
}

void Expire(Core& core, Held& held) {
  if (core.metrics) core.metrics->CountPickedUp(JobMetrics::PickedUp::kReservationExpired);
  FailHeld(core, held, job::ReservationExpired());
}

Task<void> Rescue(Core& core, std::string wid) {
  const std::uint64_t tenure = core.tenure;
  std::size_t count = 0;
  while (tenure == core.tenure && core.phase == Core::Phase::kServing) {
    Held* const held = core.working.OneOf(wid);
    if (held == nullptr) break;
    ++count;
    // One that brings its workers down is not given to all of them.
    int& rescued = core.rescued[held->id.value()];
    if (++rescued > core.options.rescues_max) {
      FailHeld(core, *held,
               {.type = "WorkerGone",
                .message = fmt::format("{} workers that had the job have gone", rescued),
                .backtrace = {}});
    } else {
      GiveBackHeld(core, *held);
    }
    if (core.loop.ShareSpent()) co_await net::NextTurn(core.loop);
  }
  if (count > 0 && core.metrics) core.metrics->CountPickedUp(JobMetrics::PickedUp::kWorkerGone, count);
  if (count > 0) log::Info("jobs.worker_gone", {{"wid", wid}, {"jobs", count}});
}

void Discard(Core& core, const Discarded& discarded, Gathering& gathering) {
  const job::Job& job = *discarded.job;
  core.moves.Note(discarded.id);
  if (IsInMemory(discarded.id)) {
    core.ForgetInMemory(job.jid, discarded.id);
  } else {
    gathering.Remove(discarded.place, discarded.id);
    if (discarded.place == Place::kReady) core.ready_jids.Remove(job.jid, discarded.id);
  }
  if (job.unique) core.locks.Release(job.unique->key, job.jid, gathering);
  Held held(core.working);
  held.id = discarded.id;
  held.queue = discarded.queue;
  held.jid = job.jid;
  held.type = job.type;
  held.batch = job.batch;
  held.roles = Roles::Of(job);
  held.is_tracked = job.is_tracked;
  held.since_monotonic = core.loop.clock().Now();
  Tell(core,
       {.held = held,
        .state = JobState::kCancelled,
        .error = {},
        .result = {},
        .due_at = {},
        .had_failed = job.failure.has_value() || discarded.place == Place::kDead},
       gathering);
  Unpark(core, job.jid);
}

void Bury(Core& core, JobId id, queue::QueueId queue, const std::string& why) {
  log::Error("jobs.text_damaged", {{"id", id.value()}, {"error", why}});
  Gathering& gathering = core.flusher.Gather();
  core.moves.Note(id);
  gathering.Remove(Place::kReady, id);
  StoredJob job{.id = id,
                .jid = fmt::format("damaged-{}", id.value()),
                .queue = std::string(core.dispatcher.Name(queue)),
                .type = "Damaged",
                .text = {}};
  JsonWriter json(job.text);
  json.BeginObject();
  json.Member("jid", job.jid);
  json.Member("jobtype", job.type);
  json.RawMember("args", "[]");
  json.Member("queue", job.queue);
  json.RawMember("retry", "-1");
  json.RawMember("failure",
                 fmt::format(R"({{"retry_count":0,"remaining":0,"errtype":"Damaged","message":{}}})", [&] {
                   std::string quoted;
                   AppendJsonString(why, quoted);
                   return quoted;
                 }()));
  json.EndObject();
  PutDead(core, std::move(job), gathering);
}

void PutDead(Core& core, StoredJob job, Gathering& gathering) {
  const WallTime now = core.Now();
  ++core.counts.dead;
  gathering.Insert(DeadJob{.job = std::move(job), .died_at = now, .expires_at = now + core.options.dead_for});
}

void PutProgress(Core& core, std::string_view jid, const JobProgress& progress, Gathering& gathering) {
  std::string value;
  AppendProgress(progress, value);
  gathering.Put(
      {.kind = std::string(kTrackKind),
       .key = std::string(jid),
       .value = std::move(value),
       .expires_at = core.Now() + (HasEnded(progress.state) ? core.options.results_for : kKeptWhileOpen)});
}

}  // namespace tidemill::jobs
