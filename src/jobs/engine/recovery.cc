#include "jobs/engine/recovery.h"

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <utility>

#include "base/log.h"
#include "jobs/engine/fetch.h"
#include "jobs/engine/load_records.h"
#include "jobs/engine/push.h"
#include "jobs/engine/queues.h"
#include "jobs/engine/refill.h"
#include "net/next_turn.h"

namespace tidemill::jobs {
namespace {

constexpr std::size_t kPage = 1000;
constexpr std::size_t kPageTextBytesMax = 4 << 20;

// Memory was forgotten, since the lease is lost: what is still read belongs to nobody.
Result<> CheckTenure(const Core& core, std::uint64_t tenure) {
  if (tenure == core.tenure) return {};
  return Fail(Errc::kNotAvailable, "the jobs have moved");
}

using Claims = std::unordered_map<std::uint64_t, Claim>;

Task<Result<Claims>> LoadClaims(Core& core) {
  Claims claims;
  JobId after;
  while (true) {
    TM_CO_TRY_ASSIGN(auto page, co_await core.store.LoadClaims(after, kPage));
    const bool is_last = page.size() < kPage;
    if (!page.empty()) after = page.back().id;
    for (Claim& claim : page) {
      const std::uint64_t id = claim.id.value();
      claims[id] = std::move(claim);
    }
    if (is_last) co_return claims;
  }
}

// A claimed job goes on; false: it cannot, since another of its jid does.
bool Continue(Core& core, StoredJob& stored, queue::QueueId queue, const Claim& claim) {
  const auto job = job::ParseJob(stored.text, core.Now(), kStoredTextBytesMax);
  if (!job || core.working.Find(stored.jid) != nullptr) return false;
  auto held = MakeHeld(core, *job, queue, {.id = stored.id, .text = std::move(stored.text)});
  held->wid = claim.wid;
  held->is_claimed = true;
  held->until = claim.until;
  const Duration left = std::max(claim.until - core.Now(), Duration{0});
  ++core.At(queue).working;
  core.workers.Expect(held->wid);
  Held& continued = core.working.Add(std::move(held), core.loop.clock().Now() + left);
  core.limits.Continued(*job, continued);
  return true;
}

Task<Result<>> LoadProgress(Core& core) {
  std::vector<std::string> jids;
  core.working.ForEach([&](const Held& held) { jids.push_back(held.jid); });
  for (const std::string& jid : jids) {
    TM_CO_TRY_ASSIGN(const auto record,
                     co_await core.store.FindRecord({.kind = std::string(kTrackKind), .key = jid}));
    Held* const held = core.working.Find(jid);
    if (!record || held == nullptr) continue;
    if (auto progress = ParseProgress(record->value)) {
      held->progress = std::make_unique<JobProgress>(*std::move(progress));
    }
  }
  co_return Result<>();
}

Task<Result<>> LoadReady(Core& core, Claims claims) {
  const std::uint64_t tenure = core.tenure;
  JobId after;
  while (true) {
    TM_CO_TRY_ASSIGN(auto page, co_await core.store.LoadReady(after, kPage, kPageTextBytesMax));
    if (page.empty()) co_return Result<>();
    after = page.back().id;
    std::vector<JobId> claimed_without_text;
    for (const StoredJob& job : page) {
      if (job.text.empty() && claims.contains(job.id.value())) claimed_without_text.push_back(job.id);
    }
    if (!claimed_without_text.empty()) {
      TM_CO_TRY_ASSIGN(auto items, co_await core.store.Load(Place::kReady, std::move(claimed_without_text)));
      for (JobPage::Item& item : items) {
        const auto at = std::ranges::find(page, item.job.id, &StoredJob::id);
        if (at != page.end()) at->text = std::move(item.job.text);
      }
    }
    for (StoredJob& job : page) {
      if (core.loop.ShareSpent()) co_await net::NextTurn(core.loop);
      TM_CO_TRY(CheckTenure(core, tenure));
      TM_CO_TRY_ASSIGN(const queue::QueueId queue, core.OpenQueue(job.queue));
      core.ready_jids.Add(job.jid, job.id);
      const auto claim = claims.find(job.id.value());
      if (claim != claims.end() && Continue(core, job, queue, claim->second)) continue;
      core.At(queue).has_had_jobs = true;
      core.orphans.jids.Add(job.jid, job.id);
      core.dispatcher.MutableJobs(queue).PushBack({.id = job.id, .text = std::move(job.text)}, job.priority);
    }
  }
}

// All of them are counted; those that are due first are kept.
Task<Result<>> LoadLater(Core& core) {
  const std::uint64_t tenure = core.tenure;
  core.later.Restart();
  Store::LaterPosition after = core.later.horizon();
  while (true) {
    TM_CO_TRY_ASSIGN(const auto page, co_await core.store.LoadLater(after, kPage));
    std::vector<LaterItem> items;
    for (const Store::LaterEntry& entry : page) {
      if (core.loop.ShareSpent()) co_await net::NextTurn(core.loop);
      TM_CO_TRY_ASSIGN(const queue::QueueId queue, core.OpenQueue(entry.queue));
      ++core.At(queue).later;
      core.Count(entry.wait, 1);
      items.push_back(
          {.id = entry.id, .run_at = entry.run_at, .wait = entry.wait, .queue = queue, .text = {}});
    }
    TM_CO_TRY(CheckTenure(core, tenure));
    const bool is_last = page.size() < kPage;
    if (!is_last) after = {.run_at = page.back().run_at, .id = page.back().id};
    if (core.later.size() < core.options.later_in_memory) {
      core.later.EndPage(std::move(items), is_last ? std::nullopt : std::optional(after), core.Now());
    }
    if (is_last) co_return Result<>();
  }
}

// Claims of jobs that are not there any more.
void DropClaims(Core& core, const std::vector<JobId>& gone) {
  for (const JobId id : gone) core.flusher.Gather().RemoveClaim(id);
}

}  // namespace

Task<Result<>> Recover(Core& core) {
  const std::uint64_t tenure = core.tenure;
  TM_CO_TRY_ASSIGN(const JobId last, co_await core.store.LastId());
  core.last_id = std::max(core.last_id, last.value());
  const WallTime now = core.Now();
  TM_CO_TRY(co_await LoadRecords(core.loop, core.store, std::string(kQueueKind),
                                 [&core](const Record& record) { return LoadQueue(core, record); }));
  TM_CO_TRY(co_await LoadRecords(core.loop, core.store, std::string(kLimitsKind),
                                 [&core](const Record& record) { return core.limits.Load(record); }));
  TM_CO_TRY(co_await LoadRecords(core.loop, core.store, std::string(Locks::kKind),
                                 [&core, now](const Record& record) {
                                   if (record.expires_at && *record.expires_at <= now) return Result<>();
                                   return core.locks.Load(record);
                                 }));
  TM_CO_TRY(co_await LoadRecords(core.loop, core.store, std::string(Stats::kKind),
                                 [&core](const Record& record) { return core.stats.Load(record); }));
  for (EnginePlugin* const plugin : core.plugins) TM_CO_TRY(co_await plugin->Recover(core.store));
  TM_CO_TRY(CheckTenure(core, tenure));
  TM_CO_TRY_ASSIGN(Claims claims, co_await LoadClaims(core));
  std::vector<JobId> claimed;
  for (const auto& [id, claim] : claims) claimed.emplace_back(id);
  TM_CO_TRY(co_await LoadReady(core, std::move(claims)));
  TM_CO_TRY(co_await LoadProgress(core));
  TM_CO_TRY(co_await LoadLater(core));
  TM_CO_TRY_ASSIGN(core.counts.dead, co_await core.store.Count(Place::kDead));
  TM_CO_TRY(CheckTenure(core, tenure));
  std::unordered_set<std::uint64_t> continued;
  core.working.ForEach([&](const Held& held) { continued.insert(held.id.value()); });
  std::erase_if(claimed, [&](JobId id) { return continued.contains(id.value()); });
  DropClaims(core, claimed);
  core.orphans.Loaded(core.loop.clock().Now());
  co_return Result<>();
}

}  // namespace tidemill::jobs
