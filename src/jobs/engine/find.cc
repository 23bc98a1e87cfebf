#include "jobs/engine/find.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace tidemill::jobs {
namespace {

constexpr int kAttemptsMax = 5;  // each time that the job moved while it was looked for
constexpr std::size_t kPage = 1000;
// Those that are dead come last: another one of that jid may live.
constexpr std::array kPlaces = {Place::kLater, Place::kReady, Place::kDead};

std::unexpected<Error> NoSuchJob(const std::string& jid) {
  return Fail(Errc::kNotFound, fmt::format("Job not found {}", jid));
}

// The first of that jid in `place`; nullopt inside: there is none.
Task<Result<std::optional<JobPage::Item>>> FindIn(Core& core, Place place, std::string jid) {
  PageRequest request{.place = place, .filter = {.jid = std::move(jid)}, .cursor = {}, .count = kPage};
  while (true) {
    TM_CO_TRY_ASSIGN(JobPage page, co_await core.store.List(request));
    if (!page.items.empty()) co_return std::move(page.items.front());
    if (page.next.empty()) co_return std::nullopt;
    request.cursor = std::move(page.next);
  }
}

// Of those the store has no index of jids, and there may be a million.
Task<Result<std::optional<JobPage::Item>>> FindReady(Core& core, std::string jid) {
  if (!core.ready_jids.is_complete()) co_return co_await FindIn(core, Place::kReady, std::move(jid));
  std::vector<JobId> ids = core.ready_jids.Find(jid);
  if (ids.empty()) co_return std::nullopt;
  TM_CO_TRY_ASSIGN(auto items, co_await core.store.Load(Place::kReady, std::move(ids)));
  std::ranges::sort(items, {}, [](const JobPage::Item& item) { return item.job.id; });
  const auto found = std::ranges::find(items, jid, [](const JobPage::Item& item) { return item.job.jid; });
  if (found == items.end()) co_return std::nullopt;
  co_return std::move(*found);
}

std::optional<Located> FindInMemory(Core& core, const std::string& jid) {
  const auto found = core.in_memory.find(jid);
  if (found == core.in_memory.end()) return std::nullopt;
  Located located{.job = {.id = found->second.id,
                          .jid = jid,
                          .queue = std::string(core.dispatcher.Name(found->second.queue)),
                          .type = {},
                          .text = {}},
                  .queue = found->second.queue,
                  .at = core.Now()};
  if (const LaterItem* const item = core.later.Find(found->second.id)) {
    located.place = Place::kLater;
    located.wait = item->wait;
    located.at = item->run_at;
    located.job.text = item->text;
  }
  return located;
}

void Show(const JobProgress& progress, JobView& view) {
  view.updated_at = progress.updated_at;
  view.track = {.percent = progress.percent,
                .description = progress.description,
                .reserve_until = {},
                .checkpoint = progress.checkpoint,
                .log = progress.log};
  view.result = progress.result;
}

JobView ViewOf(const Core& core, const Held& held) {
  JobView view{.job = {.id = held.id,
                       .jid = held.jid,
                       .queue = std::string(core.dispatcher.Name(held.queue)),
                       .type = held.type,
                       .priority = held.priority,
                       .text = held.text},
               .state = JobState::kWorking,
               .at = held.since,
               .reserved_until = held.until,
               .wid = held.wid,
               .updated_at = held.since,
               .track = {},
               .result = {}};
  if (held.progress != nullptr) Show(*held.progress, view);
  return view;
}

}  // namespace

JobState StateAt(const Located& located) {
  if (located.place == Place::kReady) return JobState::kQueued;
  if (located.place == Place::kDead) return JobState::kDead;
  switch (located.wait) {
    case Wait::kScheduled: return JobState::kScheduled;
    case Wait::kRetry: return JobState::kRetry;
    case Wait::kBlocked: break;
  }
  return JobState::kBlocked;
}

Task<Result<Located>> Locate(Core& core, std::string jid, std::optional<Place> only) {
  const std::uint64_t tenure = core.tenure;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    TM_CO_TRY(core.Serving());
    if (core.working.Find(jid) != nullptr) co_return Fail(Errc::kAlreadyExists, "a worker has job " + jid);
    if (auto in_memory = FindInMemory(core, jid);
        in_memory && in_memory->place == only.value_or(in_memory->place)) {
      co_return *std::move(in_memory);
    }
    Moves::Watch watch(core.moves);
    TM_CO_TRY(co_await AllWritten(core.flusher));
    bool has_moved = false;
    for (const Place place : kPlaces) {
      if (place != only.value_or(place)) continue;
      auto find = place == Place::kReady ? FindReady(core, jid) : FindIn(core, place, jid);
      TM_CO_TRY_ASSIGN(auto item, co_await std::move(find));
      if (tenure != core.tenure) co_return Fail(Errc::kNotAvailable, "the jobs have moved");
      if (!item) continue;
      has_moved = watch.Moved(item->job.id);
      if (has_moved) break;
      TM_CO_TRY_ASSIGN(const queue::QueueId queue, core.OpenQueue(item->job.queue));
      co_return Located{
          .job = std::move(item->job), .queue = queue, .place = place, .wait = item->wait, .at = item->at};
    }
    // It may have gone from a place that was not looked at yet to one that was.
    if (!has_moved && core.working.Find(jid) == nullptr && (attempt > 0 || !watch.Any())) break;
  }
  co_return NoSuchJob(jid);
}

void TakeOut(Core& core, const Located& located, Gathering& gathering) {
  const JobId id = located.job.id;
  core.moves.Note(id);
  switch (located.place) {
    case Place::kReady:
      core.removed.insert(id.value());
      ++core.At(located.queue).removed;
      core.ready_jids.Remove(located.job.jid, id);
      break;
    case Place::kLater:
      core.later.Remove(id);
      --core.At(located.queue).later;
      core.Count(located.wait, -1);
      break;
    case Place::kDead: --core.counts.dead; break;
  }
  if (IsInMemory(id)) {
    core.ForgetInMemory(located.job.jid, id);
  } else {
    gathering.Remove(located.place, id);
  }
}

Task<Result<JobView>> Find(Core& core, std::string jid) {
  TM_CO_TRY(core.Serving());
  if (const Held* const held = core.working.Find(jid)) co_return ViewOf(core, *held);
  auto located = co_await Locate(core, jid);
  if (const Held* const held = core.working.Find(jid)) co_return ViewOf(core, *held);
  if (!located && located.error().code != Errc::kNotFound) co_return std::unexpected(located.error());
  JobView view;
  if (located) {
    view.state = StateAt(*located);
    view.at = located->at;
    view.job = std::move(located->job);
  }
  TM_CO_TRY_ASSIGN(const auto record,
                   co_await core.store.FindRecord({.kind = std::string(kTrackKind), .key = jid}));
  JobProgress progress;
  if (record) {
    if (auto parsed = ParseProgress(record->value)) progress = *std::move(parsed);
    Show(progress, view);
  }
  if (!located) {
    if (!record || (record->expires_at && *record->expires_at <= core.Now())) co_return NoSuchJob(jid);
    view.job.jid = std::move(jid);
    view.state = progress.state;
    view.at = progress.updated_at;
  }
  co_return view;
}

std::vector<JobView> WorkingViews(const Core& core, std::size_t from, std::size_t count) {
  std::vector<const Held*> all;
  core.working.ForEach([&](const Held& held) { all.push_back(&held); });
  std::ranges::sort(all, {}, [](const Held* held) { return std::pair(held->since, held->id); });
  std::vector<JobView> views;
  for (std::size_t i = from; i < all.size() && views.size() < count; ++i)
    views.push_back(ViewOf(core, *all[i]));
  return views;
}

}  // namespace tidemill::jobs
