#include "jobs/engine/queues.h"

#include <utility>

#include "base/json.h"
#include "jobs/engine/ending.h"
#include "jobs/engine/fetch.h"
#include "jobs/engine/refill.h"
#include "net/next_turn.h"

namespace tidemill::jobs {
namespace {

std::optional<WallTime> OldestIn(const Core& core, queue::QueueId queue) {
  const queue::Entry* const front = core.dispatcher.Jobs(queue).Front();
  if (front == nullptr || front->text.empty()) return std::nullopt;
  const auto job = job::ParseJob(front->text, core.Now(), kStoredTextBytesMax);
  if (!job) return std::nullopt;
  return job->enqueued_at;
}

std::optional<queue::Entry> TakeParked(Core& core, queue::QueueId queue) {
  auto parked = core.limits.TakeParked(queue);
  if (!parked) return std::nullopt;
  return std::move(parked->entry);
}

QueueView ViewOf(const Core& core, queue::QueueId id) {
  const QueueState& state = core.queues[id.value()];
  return {.name = std::string(core.dispatcher.Name(id)),
          .ready = core.ReadyIn(id),
          .working = state.working,
          .later = state.later,
          .waiting_fetches = state.waiting,
          .oldest = OldestIn(core, id),
          .paused = core.dispatcher.paused(id)};
}

// Whether there is more to it than that somebody has named it.
bool IsListed(const Core& core, queue::QueueId id) {
  const QueueState& state = core.queues[id.value()];
  const bool is_waited_on = state.waiting > 0 && !state.is_removed;
  return state.has_had_jobs || is_waited_on || state.arriving + state.later + state.working > 0 ||
         core.ReadyIn(id) > 0 || core.dispatcher.paused(id) || core.limits.Find(id) != nullptr;
}

}  // namespace

std::vector<QueueView> QueueViews(const Core& core) {
  std::vector<QueueView> views;
  for (std::uint32_t i = 0; i < core.queues.size(); ++i) {
    if (const queue::QueueId id(i); IsListed(core, id)) views.push_back(ViewOf(core, id));
  }
  return views;
}

std::optional<QueueView> FindQueueView(const Core& core, std::string_view name) {
  const auto id = core.dispatcher.Find(name);
  if (!id) return std::nullopt;
  return ViewOf(core, *id);
}

Result<> Pause(Core& core, std::string_view name) {
  TM_TRY(core.Serving());
  TM_TRY_ASSIGN(const queue::QueueId queue, core.OpenQueue(name));
  core.dispatcher.Pause(queue);
  core.flusher.Gather().Put({.kind = std::string(kQueueKind),
                             .key = std::string(name),
                             .value = R"({"paused":true})",
                             .expires_at = {}});
  return {};
}

Result<> Resume(Core& core, std::string_view name) {
  TM_TRY(core.Serving());
  TM_TRY_ASSIGN(const queue::QueueId queue, core.OpenQueue(name));
  if (!core.dispatcher.paused(queue)) return {};
  core.dispatcher.Resume(queue);
  core.flusher.Gather().Remove(RecordKey{.kind = std::string(kQueueKind), .key = std::string(name)});
  core.scope.Spawn(Pump(core, queue));
  return {};
}

Result<> LoadQueue(Core& core, const Record& record) {
  bool paused = false;
  JsonReader json(record.value);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "paused") paused = json.ReadBool();
  }
  TM_TRY(json.Finish());
  TM_TRY_ASSIGN(const queue::QueueId queue, core.OpenQueue(record.key));
  if (paused) core.dispatcher.Pause(queue);
  return {};
}

Task<Result<std::size_t>> RemoveQueue(Core& core, std::string name) {
  TM_CO_TRY(core.Serving());
  TM_CO_TRY_ASSIGN(const queue::QueueId queue, core.OpenQueue(name));
  const std::uint64_t tenure = core.tenure;
  std::size_t removed = 0;
  // What is pushed meanwhile stays.
  for (std::uint64_t left = core.dispatcher.Jobs(queue).size() + core.limits.Parked(queue); left > 0;
       --left) {
    auto entry = core.dispatcher.MutableJobs(queue).Pop();
    if (!entry) entry = TakeParked(core, queue);
    if (!entry) break;
    if (core.removed.erase(entry->id.value()) > 0) {
      --core.At(queue).removed;
      continue;
    }
    ++removed;
    const auto read = job::ParseJob(entry->text, core.Now(), kStoredTextBytesMax);
    job::Job job = read ? *read : job::Job();
    job.queue = name;
    Discard(core, {.job = &job, .id = entry->id, .queue = queue, .place = Place::kReady},
            core.GatherFor(queue));
    if (core.flusher.unflushed_rows() > core.options.flush_rows_max) {
      TM_CO_TRY(co_await AllWritten(core.flusher));
    } else if (core.loop.ShareSpent()) {
      co_await net::NextTurn(core.loop);
    }
    if (tenure != core.tenure) co_return std::unexpected(Error{Errc::kNotAvailable, "the jobs have moved"});
  }
  core.At(queue).has_had_jobs = false;
  core.At(queue).is_removed = true;
  TM_CO_TRY(Resume(core, name));
  TM_CO_TRY(co_await CommitOf(core.flusher));
  co_return removed;
}

}  // namespace tidemill::jobs
