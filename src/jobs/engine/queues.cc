#include "jobs/engine/queues.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "base/json.h"
#include "base/log.h"
#include "jobs/engine/ending.h"
#include "jobs/engine/fetch.h"
#include "jobs/engine/refill.h"
#include "net/next_turn.h"

namespace tidemill::jobs {
namespace {

constexpr std::size_t kRemovedAtOnce = 100;
constexpr std::size_t kLookedAtToClose = 4096;  // some 50 us

std::optional<WallTime> OldestIn(const Core& core, queue::QueueId queue) {
  const queue::Entry* const front = core.dispatcher.Jobs(queue).Front();
  return front == nullptr ? std::nullopt : job::FindEnqueuedAt(front->text);
}

// What waits in the queue, for its key or not: up to `count`.
std::vector<queue::Entry> TakeSome(Core& core, queue::QueueId queue, std::size_t count) {
  std::vector<queue::Entry> taken;
  while (taken.size() < count) {
    if (auto entry = core.dispatcher.MutableJobs(queue).Pop()) {
      taken.push_back(*std::move(entry));
    } else if (auto parked = core.limits.TakeParked(queue)) {
      taken.push_back(std::move(parked->entry));
    } else {
      break;
    }
  }
  return taken;
}

// Fills in the texts that memory has dropped.
Task<Result<>> LoadTexts(Core& core, std::vector<queue::Entry>& entries) {
  std::vector<JobId> ids;
  for (const queue::Entry& entry : entries) {
    if (entry.text.empty()) ids.push_back(entry.id);
  }
  if (ids.empty()) co_return Result<>();
  TM_CO_TRY(co_await AllWritten(core.flusher));
  TM_CO_TRY_ASSIGN(auto loaded, co_await core.store.Load(Place::kReady, std::move(ids)));
  for (JobPage::Item& item : loaded) {
    const auto at = std::ranges::find(entries, item.job.id, &queue::Entry::id);
    if (at != entries.end()) at->text = std::move(item.job.text);
  }
  co_return Result<>();
}

// False: it was not to be given to anybody any more.
bool RemoveOne(Core& core, queue::QueueId queue, const queue::Entry& entry) {
  if (TakeRemoved(core, queue, entry.id)) return false;
  const auto read = job::ParseJob(entry.text, core.Now(), kStoredTextBytesMax);
  if (!read) {
    log::Error(entry.text.empty() ? "jobs.row_missing" : "jobs.text_damaged", {{"id", entry.id.value()}});
  }
  job::Job job = read ? *read : job::Job();
  job.queue = core.dispatcher.Name(queue);
  Discard(core, {.job = &job, .id = entry.id, .queue = queue, .place = Place::kReady}, core.GatherFor(queue));
  core.limits.Dropped(queue, entry.id);
  return true;
}

// Takes out the next ones, and says how many were there to be given to somebody. `left` is how many are still
// to be looked at.
Task<Result<std::size_t>> RemoveSome(Core& core, queue::QueueId queue, std::uint64_t& left) {
  const std::uint64_t tenure = core.tenure;
  std::vector<queue::Entry> entries = TakeSome(core, queue, std::min<std::uint64_t>(left, kRemovedAtOnce));
  left = entries.empty() ? 0 : left - entries.size();
  const auto loaded = co_await LoadTexts(core, entries);
  if (tenure != core.tenure) co_return Fail(Errc::kNotAvailable, "the jobs have moved");
  if (!loaded) {
    for (queue::Entry& entry : entries | std::views::reverse) {
      core.dispatcher.MutableJobs(queue).PushFront(std::move(entry), queue::kPriorityMax);
    }
    co_return std::unexpected(loaded.error());
  }
  std::size_t removed = 0;
  for (const queue::Entry& entry : entries) {
    if (RemoveOne(core, queue, entry)) ++removed;
    if (core.loop.ShareSpent()) co_await net::NextTurn(core.loop);
    if (tenure != core.tenure) co_return Fail(Errc::kNotAvailable, "the jobs have moved");
  }
  if (core.flusher.unflushed_rows() > core.options.flush_rows_max) {
    TM_CO_TRY(co_await AllWritten(core.flusher));
  }
  co_return removed;
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

// Whether nothing would be lost with it: somebody has merely named it, or all its jobs have ended.
bool IsName(const Core& core, queue::QueueId id) {
  if (!core.dispatcher.IsOpen(id)) return false;
  const QueueState& state = core.queues[id.value()];
  const std::uint64_t jobs = state.arriving + state.later + state.working + state.parked + state.removed +
                             core.dispatcher.Jobs(id).size();
  return jobs + state.waiting + state.pins == 0 && !state.is_refilling && !state.is_pumping &&
         !core.dispatcher.paused(id) && core.limits.MayClose(id) &&
         !core.options.queues.contains(core.dispatcher.Name(id));
}

}  // namespace

void CloseOne(Core& core) {
  const auto count = static_cast<std::uint32_t>(core.queues.size());
  for (std::size_t i = 0; i < std::min<std::size_t>(count, kLookedAtToClose); ++i) {
    const queue::QueueId id(core.next_to_close++ % count);
    if (!IsName(core, id)) continue;
    core.limits.Closed(id);
    core.dispatcher.Close(id);
    core.At(id) = {};
    return;
  }
}

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
  const QueuePin pin(core, queue);
  std::size_t removed = 0;
  // What is pushed meanwhile stays.
  std::uint64_t left = core.dispatcher.Jobs(queue).size() + core.limits.Parked(queue);
  while (left > 0) {
    TM_CO_TRY_ASSIGN(const std::size_t some, co_await RemoveSome(core, queue, left));
    removed += some;
  }
  core.At(queue).has_had_jobs = false;
  core.At(queue).is_removed = true;
  TM_CO_TRY(Resume(core, name));
  TM_CO_TRY(co_await CommitOf(core.flusher));
  co_return removed;
}

}  // namespace tidemill::jobs
