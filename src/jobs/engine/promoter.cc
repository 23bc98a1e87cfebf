#include "jobs/engine/promoter.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/log.h"
#include "jobs/engine/core.h"
#include "jobs/engine/push.h"
#include "jobs/engine/refill.h"
#include "net/next_turn.h"

namespace tidemill::jobs {
namespace {

constexpr Duration kLookInterval = Seconds(1);

std::int64_t OffsetOf(const Core& core) { return core.Now().ms - core.loop.clock().Now().ms; }

}  // namespace

void Promoter::Start() {
  clock_offset_ms_ = OffsetOf(core_);
  Consider(core_.Now());
}

void Promoter::Stop() {
  core_.loop.timers().Cancel(*this);
  is_running_ = false;
}

void Promoter::Consider(WallTime at) {
  if (is_running_ || core_.phase != Core::Phase::kServing) return;
  const Duration in = std::clamp(at - core_.Now(), Duration{0}, kLookInterval);
  const MonotonicTime when = core_.loop.clock().Now() + in;
  if (scheduled() && deadline() <= when) return;
  core_.loop.timers().Schedule(*this, when);
}

void Promoter::OnTimer() {
  is_running_ = true;
  core_.scope.Spawn(Run(*this));
}

Task<void> Promoter::Run(Promoter& self) {
  const std::uint64_t tenure = self.core_.tenure;
  self.NoticeClock();
  bool did_something = true;
  while (did_something && tenure == self.core_.tenure) {
    did_something = co_await self.PromoteDue();
    if (tenure == self.core_.tenure) did_something |= co_await self.LoadTexts();
    if (tenure == self.core_.tenure) did_something |= co_await self.LoadPage();
  }
  if (tenure != self.core_.tenure) co_return;
  self.is_running_ = false;
  self.Sleep();
}

// The next that is due, or a look at the clock.
void Promoter::Sleep() {
  if (const auto next = core_.later.NextAt()) {
    Consider(*next);
  } else if (!core_.later.is_complete()) {
    Consider(core_.Now() + kLookInterval);
  }
}

void Promoter::NoticeClock() {
  const std::int64_t offset_ms = OffsetOf(core_);
  const Duration step = Milliseconds(offset_ms - std::exchange(clock_offset_ms_, offset_ms));
  if (std::abs(step.ms) < kClockStep.ms) return;
  log::Warn("jobs.clock_stepped", {{"ms", step.ms}});
  core_.later.ShiftRetries(step);
}

void Promoter::Promote(LaterItem item) {
  const WallTime now = core_.Now();
  auto job = job::ParseJob(item.text, now, kStoredTextBytesMax);
  --core_.At(item.queue).later;
  core_.Count(item.wait, -1);
  core_.moves.Note(item.id);
  if (!job) {  // fetched, it goes to the dead
    return core_.dispatcher.Push(item.queue, {.id = item.id, .text = std::move(item.text)},
                                 job::kPriorityDefault);
  }
  job->enqueued_at = now;
  Enqueued enqueued = ReadEnqueued(*job, item.id, item.queue);
  if (!item.in_memory) {
    Gathering& gathering = core_.flusher.Gather(Flusher::Answers::kAtOnce);
    gathering.Remove(Place::kLater, item.id);
    gathering.Insert(enqueued.job);
  }
  Enqueue(core_, std::move(enqueued));
}

Task<bool> Promoter::PromoteDue() {
  const std::uint64_t tenure = core_.tenure;
  std::vector<LaterItem> without_text;
  bool did_something = false;
  while (auto item = core_.later.TakeDue(core_.Now())) {
    did_something = true;
    if (item->text.empty()) {
      without_text.push_back(*std::move(item));
      if (without_text.size() == kPage) break;
    } else {
      Promote(*std::move(item));
    }
    if (core_.loop.ShareSpent()) co_await net::NextTurn(core_.loop);
    if (tenure != core_.tenure) co_return false;
  }
  if (!without_text.empty()) co_await PromoteWithoutText(std::move(without_text));
  co_return did_something;
}

// A row that has just been written may not be committed yet, hence the wait before it is read.
Task<void> Promoter::PromoteWithoutText(std::vector<LaterItem> items) {
  const std::uint64_t tenure = core_.tenure;
  Moves::Watch watch(core_.moves);
  Result<> committed = co_await AllWritten(core_.flusher);
  if (tenure != core_.tenure) co_return;
  std::vector<JobId> ids;
  std::unordered_map<std::uint64_t, std::string> texts;
  for (const LaterItem& item : items) ids.push_back(item.id);
  Result<std::vector<JobPage::Item>> loaded;
  if (committed) loaded = co_await core_.store.Load(Place::kLater, std::move(ids));
  if (tenure != core_.tenure) co_return;
  const bool failed = !committed || !loaded;
  if (!failed) {
    for (JobPage::Item& item : *loaded) texts[item.job.id.value()] = std::move(item.job.text);
  }
  for (LaterItem& item : items) {
    if (watch.Moved(item.id)) continue;
    if (failed) {
      core_.later.Return(std::move(item), core_.Now() + kLookInterval);
    } else if (const auto text = texts.find(item.id.value()); text != texts.end()) {
      item.text = std::move(text->second);
      Promote(std::move(item));
    } else {
      log::Error("jobs.row_missing", {{"id", item.id.value()}});
      --core_.At(item.queue).later;
      core_.Count(item.wait, -1);
    }
    if (core_.loop.ShareSpent()) co_await net::NextTurn(core_.loop);
    if (tenure != core_.tenure) co_return;
  }
}

Task<bool> Promoter::LoadTexts() {
  auto ids = core_.later.WithoutText(core_.Now() + kLookAhead, kPage);
  if (ids.empty()) co_return false;
  const std::uint64_t tenure = core_.tenure;
  auto loaded = co_await core_.store.Load(Place::kLater, std::move(ids));
  if (!loaded || tenure != core_.tenure) co_return false;
  // What is missing in the store is not committed yet; it is asked for again when it is due.
  bool is_set = false;
  for (JobPage::Item& item : *loaded) is_set |= core_.later.SetText(item.job.id, std::move(item.job.text));
  co_return is_set;
}

Task<bool> Promoter::LoadPage() {
  if (!core_.later.WantsPage()) co_return false;
  const std::uint64_t tenure = core_.tenure;
  Moves::Watch watch(core_.moves);
  core_.later.BeginPage();
  const Result<> committed = co_await AllWritten(core_.flusher);
  if (tenure != core_.tenure) co_return false;
  Result<std::vector<Store::LaterEntry>> loaded = std::unexpected(Error{});
  if (committed) loaded = co_await core_.store.LoadLater(core_.later.horizon(), kPage);
  if (tenure != core_.tenure) co_return false;
  if (!loaded) {
    core_.later.AbandonPage();
    co_return false;
  }
  std::vector<LaterItem> items;
  for (const Store::LaterEntry& entry : *loaded) {
    const auto queue = core_.OpenQueue(entry.queue);
    if (!queue || (watch.Moved(entry.id) && core_.later.Find(entry.id) == nullptr)) continue;
    items.push_back(
        {.id = entry.id, .run_at = entry.run_at, .wait = entry.wait, .queue = *queue, .text = {}});
  }
  std::optional<Store::LaterPosition> horizon;
  if (loaded->size() == kPage) horizon = {.run_at = loaded->back().run_at, .id = loaded->back().id};
  core_.later.EndPage(std::move(items), horizon, core_.Now());
  co_return true;
}

}  // namespace tidemill::jobs
