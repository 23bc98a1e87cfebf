#include "jobs/engine/push.h"

#include <fmt/format.h>

#include <utility>

#include "jobs/job/retry.h"
#include "jobs/job/timestamp.h"

namespace tidemill::jobs {
namespace {

constexpr WallTime kNever{std::numeric_limits<std::int64_t>::max()};

// The row, and how it is to wait.
PushedJob MakeRow(const job::Job& job, JobId id, queue::QueueId queue, bool is_blocked) {
  PushedJob push;
  push.row.job = {
      .id = id, .jid = job.jid, .queue = job.queue, .type = job.type, .priority = job.priority, .text = {}};
  push.row.job.text.reserve(job.members.size() + 64);
  job::AppendText(job, push.row.job.text);
  if (is_blocked) {
    push.place = Place::kLater;
    push.row.wait = Wait::kBlocked;
  } else if (job.at && !job.enqueued_at) {
    push.place = Place::kLater;
    push.row.run_at = *job.at;
  }
  push.pushed = {.queue = queue,
                 .expires_at = job.expires_at.value_or(kNever),
                 .lock_key = job.unique ? job.unique->key : std::string(),
                 .batch = job.batch,
                 .if_failed = Pushed::IfFailed::kDrop};
  return push;
}

void TakeLock(Core& core, const job::Job& job, WallTime now, Gathering& gathering) {
  if (!job.unique) return;
  core.locks.Take(job.unique->key, job.jid, job.at.value_or(now) + job.unique->held_for, gathering);
}

void Gather(Core& core, PushedJob&& push, Gathering& gathering) {
  const Durability durability = core.At(push.pushed.queue).settings.durability;
  ++core.At(push.pushed.queue).arriving;
  if (durability == Durability::kDurable) return gathering.Push(std::move(push));
  if (durability == Durability::kRelaxed) {
    if (push.place == Place::kReady) {
      gathering.InsertNew(push.row.job);
    } else {
      gathering.Insert(push.row);
    }
  } else {
    core.in_memory[push.row.job.jid] = {.id = push.row.job.id, .queue = push.pushed.queue};
  }
  Arrive(core, std::move(push));
}

// Nobody else has the texts of a queue that lives in memory.
Result<> CheckMemory(const Core& core, const job::Job& job, queue::QueueId queue) {
  const Limiter* const limiter = core.limits.Find(queue);
  const std::size_t bytes = core.dispatcher.Jobs(queue).text_bytes() +
                            (limiter == nullptr ? 0 : limiter->parked_bytes()) + core.later.memory_bytes();
  if (bytes + job.members.size() <= core.options.text_bytes_max) return {};
  return Fail(
      Errc::kLimitExceeded,
      fmt::format("queue {} lives in memory (durability = \"memory\"): the jobs that wait there have at "
                  "most {} bytes together",
                  job.queue, core.options.text_bytes_max));
}

}  // namespace

Result<> CheckRoom(Core& core, const job::Job& job, queue::QueueId queue, std::uint64_t coming) {
  const QueueState& state = core.At(queue);
  if (core.ReadyIn(queue) + state.arriving + state.later + coming >= state.settings.depth_max) {
    return Fail(Errc::kLimitExceeded, fmt::format("queue {} is full: it has {} jobs (jobs.queues.depth_max)",
                                                  job.queue, state.settings.depth_max));
  }
  if (state.settings.durability == Durability::kMemory) TM_TRY(CheckMemory(core, job, queue));
  return core.flusher.Room();
}

Result<> Push(Core& core, job::Job&& job, Origin origin) {
  TM_TRY(core.Serving());
  TM_TRY_ASSIGN(const queue::QueueId queue, core.OpenQueue(job.queue));
  return Push(core, std::move(job), origin, core.GatherFor(queue));
}

Result<> Push(Core& core, job::Job&& job, Origin origin, Gathering& gathering) {
  TM_TRY_ASSIGN(const queue::QueueId queue, core.OpenQueue(job.queue));
  if (origin == Origin::kProducer) TM_TRY(CheckRoom(core, job, queue, 0));
  const WallTime now = core.Now();
  if (job.at && *job.at <= now) job.at.reset();
  if (job.unique) TM_TRY(core.locks.MayTake(job.unique->key, now));
  const bool in_memory = core.At(queue).settings.durability == Durability::kMemory;
  const JobId id(in_memory ? core.last_memory_id + 1 : core.last_id + 1);
  for (EnginePlugin* const plugin : core.plugins) TM_TRY(plugin->CheckPush(job, id));
  bool is_blocked = false;
  for (EnginePlugin* const plugin : core.plugins) {
    is_blocked |= plugin->OnPush(job, id, gathering) == EnginePlugin::Admission::kBlock;
  }
  ++(in_memory ? core.last_memory_id : core.last_id);
  if (!job.at && !is_blocked) job.enqueued_at = now;
  TakeLock(core, job, now, gathering);
  PushedJob push = MakeRow(job, id, queue, is_blocked);
  const bool is_told = origin == Origin::kProducer || origin == Origin::kTogether;
  if (!is_told) push.pushed.if_failed = Pushed::IfFailed::kRetry;
  Gather(core, std::move(push), gathering);
  return {};
}

void Arrive(Core& core, PushedJob&& push) {
  const queue::QueueId queue = push.pushed.queue;
  --core.At(queue).arriving;
  StoredJob& job = push.row.job;
  core.moves.Note(job.id);
  if (push.place == Place::kReady) {
    return Enqueue(core, {.job = std::move(job),
                          .queue = queue,
                          .expires_at = push.pushed.expires_at,
                          .batch = std::move(push.pushed.batch)});
  }
  ++core.At(queue).later;
  core.Count(push.row.wait, 1);
  const bool is_blocked = push.row.wait == Wait::kBlocked;
  JobChange change = core.ChangeOf(job, is_blocked ? JobState::kBlocked : JobState::kScheduled);
  change.batch = push.pushed.batch;
  if (!is_blocked) change.due_at = push.row.run_at;
  core.Changed(change);
  if (is_blocked) return;
  core.later.Add({.id = job.id,
                  .run_at = push.row.run_at,
                  .wait = push.row.wait,
                  .queue = queue,
                  .text = std::move(job.text),
                  .in_memory = IsInMemory(job.id)},
                 core.Now());
  core.promoter.Consider(push.row.run_at);
}

void Drop(Core& core, const PushedJob& push, KeptGatherings kept) {
  --core.At(push.pushed.queue).arriving;
  if (!push.pushed.lock_key.empty()) {
    core.locks.Release(push.pushed.lock_key, push.row.job.jid, *kept.front());
  }
  for (EnginePlugin* const plugin : core.plugins) plugin->OnDropped(push, kept);
}

void Enqueue(Core& core, Enqueued&& enqueued) {
  StoredJob& job = enqueued.job;
  JobChange change = core.ChangeOf(job, JobState::kQueued);
  change.batch = enqueued.batch;
  change.attempt = enqueued.attempt;
  core.Changed(change);
  if (!IsInMemory(job.id)) core.ready_jids.Add(job.jid, job.id);
  queue::Entry entry{.id = job.id, .expires_at = enqueued.expires_at, .text = std::move(job.text)};
  if (core.limits.IsFull(enqueued.queue)) {
    // It stays in its order: nobody who waits could begin it.
    core.dispatcher.MutableJobs(enqueued.queue).PushBack(std::move(entry), job.priority);
  } else {
    core.dispatcher.Push(enqueued.queue, std::move(entry), job.priority);
  }
  core.At(enqueued.queue).has_had_jobs = true;
  core.At(enqueued.queue).is_removed = false;
  core.limits.Arrived(enqueued.queue);
}

void Unblock(Core& core, job::Job job, JobId id, queue::QueueId queue, Gathering& gathering) {
  const WallTime now = core.Now();
  if (!job.at || *job.at <= now) {
    job.enqueued_at = now;
    Enqueued enqueued = ReadEnqueued(job, id, queue);
    gathering.Insert(enqueued.job);
    return Enqueue(core, std::move(enqueued));
  }
  PushedJob push = MakeRow(job, id, queue, false);
  gathering.Insert(push.row);
  ++core.At(queue).arriving;  // Arrive takes it back
  Arrive(core, std::move(push));
}

Enqueued ReadEnqueued(const job::Job& job, JobId id, queue::QueueId queue) {
  PushedJob push = MakeRow(job, id, queue, false);
  return {.job = std::move(push.row.job),
          .queue = queue,
          .expires_at = push.pushed.expires_at,
          .batch = job.batch,
          .attempt = job::AttemptOf(job)};
}

}  // namespace tidemill::jobs
