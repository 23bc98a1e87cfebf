#include "jobs/engine/schedules.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/log.h"
#include "base/random.h"
#include "jobs/cron/catch_up.h"
#include "jobs/cron/describe.h"
#include "jobs/cron/next.h"
#include "jobs/cron/schedule.h"
#include "jobs/cron/zone.h"
#include "jobs/engine/act.h"
#include "jobs/engine/core.h"
#include "jobs/engine/load_records.h"
#include "jobs/engine/push.h"
#include "jobs/job/names.h"
#include "net/next_turn.h"
#include "net/sleep.h"

namespace tidemill::jobs {
namespace {

constexpr Duration kLookInterval = Seconds(1);  // a clock that was moved is noticed within that
constexpr Duration kTakeBackPause = Milliseconds(100);

}  // namespace

struct Schedules::Entry {
  ScheduleRecord record;
  cron::Schedule schedule;
  cron::Zone zone;
  cron::Overlap overlap = cron::Overlap::kAllow;
  cron::CatchUp catch_up = cron::CatchUp::kCoalesce;
  std::optional<WallTime> next;
  std::optional<WallTime> due_at;  // where it is in due_
  Last last = Last::kOver;         // the job of the last firing

  static Result<std::unique_ptr<Entry>> Make(ScheduleRecord record) {
    auto entry = std::make_unique<Entry>();
    const ScheduleSpec& spec = record.spec;
    if (!job::IsQueueName(spec.name) || spec.name.size() > kScheduleNameBytesMax) {
      return Fail(
          Errc::kInvalidArgument,
          fmt::format("the name of a schedule is 1 to {} letters, digits, . _ or -", kScheduleNameBytesMax));
    }
    TM_TRY_ASSIGN(entry->schedule, cron::ParseSchedule(spec.schedule));
    Result<cron::Zone> zone = cron::Zone::Load(spec.zone);
    if (!zone) return Fail(Errc::kInvalidArgument, std::move(zone).error().detail);
    entry->zone = *std::move(zone);
    TM_TRY_ASSIGN(entry->overlap, cron::ParseOverlap(spec.overlap));
    TM_TRY_ASSIGN(entry->catch_up, cron::ParseCatchUp(spec.catch_up));
    TM_TRY_ASSIGN(const std::string text, WithJid(spec.job, "schedule-of-it"));
    TM_TRY(job::ParseJob(text, WallTime{}));
    entry->record = std::move(record);
    return entry;
  }
};

Schedules::Schedules(Core& core) : core_(core) { Configure(core.options.schedules); }
Schedules::~Schedules() = default;

Result<Schedules::Entry*> Schedules::Find(std::string_view name) {
  TM_TRY(core_.Serving());
  const auto found = entries_.find(name);
  if (found == entries_.end()) return Fail(Errc::kNotFound, fmt::format("there is no schedule {}", name));
  return found->second.get();
}

void Schedules::Write(const Entry& entry, Gathering& gathering) const {
  gathering.Put({.kind = std::string(kKind),
                 .key = entry.record.spec.name,
                 .value = ToJson(entry.record),
                 .expires_at = {}});
}

Result<> Schedules::MayChange(std::string_view name) const {
  const auto found = entries_.find(name);
  const bool is_configured = found != entries_.end() && found->second->record.spec.is_configured;
  if (!is_configured && !configured_.contains(name)) return {};
  return Fail(
      Errc::kPermissionDenied,
      fmt::format("schedule {} is of the configuration ([[jobs.cron]] or [[cron]]); change it there", name));
}

Result<> Schedules::Set(ScheduleSpec spec) {
  TM_TRY(core_.Serving());
  TM_TRY(MayChange(spec.name));
  TM_TRY(CheckSize(spec));
  TM_TRY_ASSIGN(
      auto made,
      Entry::Make({.spec = std::move(spec), .fired_until = core_.Now(), .fired_at = {}, .last_jid = {}}));
  if (!entries_.contains(made->record.spec.name) && entries_.size() >= core_.options.schedules_max) {
    return Fail(Errc::kLimitExceeded,
                fmt::format("at most {} schedules (jobs.schedules_max)", core_.options.schedules_max));
  }
  Place(std::move(made));
  Look();
  return {};
}

// Takes over what is to outlive a change of the entry.
void Schedules::Place(std::unique_ptr<Entry> made) {
  const std::string name = made->record.spec.name;
  if (const auto found = entries_.find(name); found != entries_.end()) {
    Entry& before = *found->second;
    const bool fires_alike = before.record.spec.schedule == made->record.spec.schedule &&
                             before.record.spec.zone == made->record.spec.zone &&
                             before.record.spec.enabled == made->record.spec.enabled;
    const WallTime fired_until = before.record.fired_until;
    made->record.paused = before.record.paused;
    made->record.fired_at = before.record.fired_at;
    // With another schedule it begins now: what the new one would have fired before is no firing of it.
    made->record.fired_until = fires_alike ? fired_until : std::max(fired_until, core_.Now());
    std::string last_jid = before.record.last_jid;
    const Last last = before.last;
    Erase(before);
    SetLast(*made, std::move(last_jid), last);
  }
  Entry& entry = *(entries_[name] = std::move(made));
  entry.next = entry.record.fired_until;
  Write(entry, core_.flusher.Gather());
  LearnSoon(entry);
  StartLearning();
  Arrange(entry);
}

void Schedules::Erase(Entry& entry) {
  if (entry.due_at) due_.erase({*entry.due_at, entry.record.spec.name});
  by_last_jid_.erase(entry.record.last_jid);
  entries_.erase(entries_.find(entry.record.spec.name));
}

void Schedules::Arrange(Entry& entry) {
  const std::string_view name = entry.record.spec.name;
  if (entry.due_at) due_.erase({*entry.due_at, name});
  entry.due_at.reset();
  // LearnLast looks again.
  if (entry.record.paused || !entry.record.spec.enabled || !entry.next || WaitsForLast(entry)) return;
  entry.due_at = entry.next;
  due_.emplace(*entry.next, name);
}

Result<> Schedules::Remove(std::string_view name) {
  TM_TRY(MayChange(name));
  TM_TRY_ASSIGN(Entry* const entry, Find(name));
  core_.flusher.Gather().Remove(RecordKey{.kind = std::string(kKind), .key = std::string(name)});
  Erase(*entry);
  return {};
}

Result<> Schedules::Pause(std::string_view name) {
  TM_TRY_ASSIGN(Entry* const entry, Find(name));
  entry->record.paused = true;
  Arrange(*entry);
  Write(*entry, core_.flusher.Gather());
  return {};
}

Result<> Schedules::Resume(std::string_view name) {
  TM_TRY_ASSIGN(Entry* const entry, Find(name));
  if (!std::exchange(entry->record.paused, false)) return {};
  entry->record.fired_until = std::max(entry->record.fired_until, core_.Now());
  entry->next = entry->record.fired_until;
  Write(*entry, core_.flusher.Gather());
  Arrange(*entry);
  Look();
  return {};
}

Result<std::string> Schedules::RunNow(std::string_view name) {
  TM_TRY_ASSIGN(Entry* const entry, Find(name));
  std::string jid = fmt::format("{}-now-{}", name, RandomLetters(12));
  Gathering& gathering = core_.flusher.Gather();
  TM_TRY(PushFor(*entry, jid, {}, gathering));
  SetLast(*entry, jid, Last::kOpen);
  Arrange(*entry);
  SetTimer();  // it may have waited to know what became of its last job
  entry->record.fired_at = core_.Now();
  Write(*entry, gathering);
  return jid;
}

ScheduleView Schedules::ViewOf(const Entry& entry, std::size_t next_count) const {
  ScheduleView view{.spec = entry.record.spec,
                    .in_words = cron::Describe(entry.schedule, entry.zone),
                    .paused = entry.record.paused,
                    .fired_at = entry.record.fired_at,
                    .last_jid = entry.record.last_jid,
                    .next = {}};
  if (entry.record.paused || !entry.record.spec.enabled) return view;
  auto after = std::optional(std::max(core_.Now(), entry.record.fired_until));
  while (view.next.size() < next_count && (after = cron::Next(entry.schedule, entry.zone, *after))) {
    view.next.push_back(*after);
  }
  return view;
}

std::vector<ScheduleView> Schedules::Views(std::string_view after, std::size_t count,
                                           std::size_t next_count) const {
  std::vector<ScheduleView> views;
  for (auto it = entries_.upper_bound(after); it != entries_.end() && views.size() < count; ++it) {
    views.push_back(ViewOf(*it->second, next_count));
  }
  return views;
}

std::optional<ScheduleView> Schedules::View(std::string_view name, std::size_t next_count) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return std::nullopt;
  return ViewOf(*found->second, next_count);
}

Task<Result<>> Schedules::Recover(Store& store) {
  return LoadRecords(core_.loop, store, std::string(kKind), [this](const Record& record) -> Result<> {
    TM_TRY_ASSIGN(ScheduleRecord parsed, ParseScheduleRecord(record.value));
    if (parsed.spec.name != record.key) {
      return Fail(Errc::kInvalidArgument, "its name is another one");
    }
    TM_TRY_ASSIGN(auto made, Entry::Make(std::move(parsed)));
    Entry& entry = *(entries_[record.key] = std::move(made));
    entry.next = entry.record.fired_until;
    SetLast(entry, entry.record.last_jid, Last::kUnknown);
    LearnSoon(entry);
    Arrange(entry);
    return {};
  });
}

void Schedules::Configure(std::vector<ScheduleSpec> specs) {
  wanted_ = std::move(specs);
  if (core_.phase == Core::Phase::kServing) StartTakingOver();
}

void Schedules::StartTakingOver() {
  is_taking_over_ = true;
  core_.scope.Spawn(TakeOver(*this, ++take_over_, wanted_));
}

void Schedules::PlaceConfigured(const ScheduleSpec& spec) {
  const auto found = entries_.find(spec.name);
  if (found != entries_.end() && found->second->record.spec == spec) return;
  auto made = Entry::Make({.spec = spec, .fired_until = core_.Now(), .fired_at = {}, .last_jid = {}});
  if (made) return Place(*std::move(made));
  log::Error("jobs.schedule_refused", {{"name", spec.name}, {"error", made.error().detail}});
}

Task<void> Schedules::TakeOver(Schedules& self, std::uint64_t number, std::vector<ScheduleSpec> specs) {
  net::Loop& loop = self.core_.loop;
  Configured configured;
  for (ScheduleSpec& spec : specs) {
    spec.is_configured = true;
    std::string name = spec.name;
    configured.insert_or_assign(std::move(name), std::move(spec));
    if (loop.ShareSpent()) co_await net::NextTurn(loop);
    if (!self.TakesOver(number)) co_return;
  }
  self.configured_.swap(configured);
  std::string name;
  for (auto at = self.entries_.begin(); at != self.entries_.end(); at = self.entries_.upper_bound(name)) {
    name = at->first;
    if (Entry& entry = *at->second; entry.record.spec.is_configured && !self.configured_.contains(name)) {
      self.core_.flusher.Gather().Remove(RecordKey{.kind = std::string(kKind), .key = name});
      self.Erase(entry);
    }
    if (loop.ShareSpent()) co_await net::NextTurn(loop);
    if (!self.TakesOver(number)) co_return;
  }
  for (const auto& [key, spec] : self.configured_) {
    self.PlaceConfigured(spec);
    if (loop.ShareSpent()) co_await net::NextTurn(loop);
    if (!self.TakesOver(number)) co_return;
  }
  self.is_taking_over_ = false;
  self.Look();
}

void Schedules::Start() {
  StartLearning();
  StartTakingOver();
}

void Schedules::Stop() { core_.loop.timers().Cancel(*this); }

void Schedules::Forget() {
  Stop();
  ++take_over_;
  is_taking_over_ = is_firing_ = false;
  to_learn_.clear();
  core_.forgotten.Take(by_last_jid_);
  core_.forgotten.Take(due_);
  core_.forgotten.Take(entries_);
}

void Schedules::SetLast(Entry& entry, std::string jid, Last last) {
  by_last_jid_.erase(entry.record.last_jid);
  entry.last = jid.empty() ? Last::kOver : last;
  entry.record.last_jid = std::move(jid);
  if (entry.last != Last::kOver) by_last_jid_[entry.record.last_jid] = &entry;
}

bool Schedules::WaitsForLast(const Entry& entry) {
  return entry.last == Last::kUnknown && entry.overlap != cron::Overlap::kAllow;
}

cron::Previous Schedules::PreviousOf(const Entry& entry) const {
  if (entry.last == Last::kOver) return cron::Previous::kDone;
  return core_.working.Find(entry.record.last_jid) == nullptr ? cron::Previous::kWaiting
                                                              : cron::Previous::kRunning;
}

void Schedules::LearnSoon(const Entry& entry) {
  if (WaitsForLast(entry)) to_learn_.push_back(entry.record.spec.name);
}

void Schedules::StartLearning() {
  while (learners_ < std::min(kLearnersMax, to_learn_.size())) {
    ++learners_;
    core_.scope.Spawn(Learn(*this));
  }
}

Task<void> Schedules::Learn(Schedules& self) {
  co_await net::NextTurn(self.core_.loop);
  while (!self.to_learn_.empty() && self.core_.phase == Core::Phase::kServing) {
    std::string name = std::move(self.to_learn_.front());
    self.to_learn_.pop_front();
    co_await LearnLast(self, std::move(name));
  }
  --self.learners_;
}

// What became of the last firing's job before this start.
Task<void> Schedules::LearnLast(Schedules& self, std::string name) {
  const std::uint64_t tenure = self.core_.tenure;
  const auto found = self.entries_.find(name);
  if (found == self.entries_.end()) co_return;
  const std::string jid = found->second->record.last_jid;
  auto located = co_await Locate(self.core_, jid);
  while (tenure == self.core_.tenure && !located && located.error().code != Errc::kNotFound &&
         located.error().code != Errc::kAlreadyExists) {  // the store did not say
    co_await net::Sleep(self.core_.loop, kLookInterval);
    if (tenure == self.core_.tenure) located = co_await Locate(self.core_, jid);
  }
  if (tenure != self.core_.tenure) co_return;
  const auto now = self.entries_.find(name);
  if (now == self.entries_.end() || now->second->record.last_jid != jid) co_return;
  const bool is_open = located ? located->place != Place::kDead : self.core_.working.Find(jid) != nullptr;
  // It may have ended meanwhile (OnOutcome).
  if (now->second->last == Last::kUnknown) {
    self.SetLast(*now->second, jid, is_open ? Last::kOpen : Last::kOver);
    self.Arrange(*now->second);
  }
  self.Look();
}

void Schedules::OnOutcome(const Outcome& outcome, Gathering&) {
  if (by_last_jid_.empty() || outcome.state == JobState::kRetry) return;
  const auto found = by_last_jid_.find(std::string(outcome.jid));
  if (found == by_last_jid_.end()) return;
  Entry& entry = *found->second;
  entry.last = Last::kOver;
  by_last_jid_.erase(found);
  Arrange(entry);
  SetTimer();
}

void Schedules::SetTimer() {
  if (core_.phase != Core::Phase::kServing || is_taking_over_ || due_.empty()) return;
  const Duration in = std::clamp(due_.begin()->first - core_.Now(), Milliseconds(1), kLookInterval);
  core_.loop.timers().Schedule(*this, core_.loop.clock().Now() + in);
}

void Schedules::Look() {
  if (core_.phase != Core::Phase::kServing || is_taking_over_ || is_firing_) return;
  is_firing_ = true;
  core_.scope.Spawn(FireDue(*this));
}

// What is due again after its firing, which a clock that is set can bring about, comes after a while.
Task<void> Schedules::FireDue(Schedules& self) {
  const std::uint64_t tenure = self.core_.tenure;
  const WallTime now = self.core_.Now();
  std::vector<std::string> again;
  while (!self.due_.empty() && self.due_.begin()->first <= now) {
    Entry& entry = *self.entries_.find(self.due_.begin()->second)->second;
    self.due_.erase(self.due_.begin());
    entry.due_at.reset();
    self.Fire(entry);
    if (entry.next && *entry.next <= now) {
      again.push_back(entry.record.spec.name);
    } else {
      self.Arrange(entry);
    }
    if (!self.core_.loop.ShareSpent()) continue;
    co_await net::NextTurn(self.core_.loop);
    if (tenure != self.core_.tenure) co_return;
    if (self.core_.phase != Core::Phase::kServing || self.is_taking_over_) break;
  }
  for (const std::string& name : again) {
    const auto found = self.entries_.find(name);
    if (found != self.entries_.end()) self.Arrange(*found->second);
  }
  self.is_firing_ = false;
  self.SetTimer();
}

void Schedules::Fire(Entry& entry) {
  const cron::Due due =
      cron::FindDue(entry.schedule, entry.zone, entry.catch_up, entry.record.fired_until, core_.Now());
  entry.next = due.next;
  if (due.clock_was_wrong) log::Warn("jobs.schedule_ahead", {{"name", entry.record.spec.name}});
  if (due.firings.empty() && due.fired_until == entry.record.fired_until) return;
  Gathering& gathering = core_.flusher.Gather();
  entry.record.fired_until = due.fired_until;
  for (const WallTime at : due.firings) {
    FireOnce(entry, at, fmt::format("{}-{}", entry.record.spec.name, at.ms), gathering);
  }
  Write(entry, gathering);
}

void Schedules::FireOnce(Entry& entry, WallTime at, std::string jid, Gathering& gathering) {
  std::string replaced;
  switch (cron::OnFiring(entry.overlap, PreviousOf(entry))) {
    case cron::Firing::kLeaveOut: return;
    case cron::Firing::kRemoveAndPush:
    case cron::Firing::kCancelAndPush: replaced = entry.record.last_jid; break;
    case cron::Firing::kPush: break;
  }
  if (!replaced.empty()) core_.scope.Spawn(TakeBack(*this, replaced));
  if (auto pushed = PushFor(entry, jid, replaced, gathering); !pushed) {
    log::Warn("jobs.schedule_not_pushed",
              {{"name", entry.record.spec.name}, {"error", pushed.error().detail}});
    return;
  }
  SetLast(entry, std::move(jid), Last::kOpen);
  entry.record.fired_at = at;
}

Result<> Schedules::PushFor(Entry& entry, std::string jid, std::string_view replaced, Gathering& gathering) {
  TM_TRY_ASSIGN(const std::string text, WithJid(entry.record.spec.job, jid));
  TM_TRY_ASSIGN(job::Job job, job::ParseJob(text, core_.Now()));
  if (job.unique && !replaced.empty()) core_.locks.Release(job.unique->key, replaced, gathering);
  return Push(core_, std::move(job), Origin::kServer, gathering);
}

// A FLUSH takes the job with it, unless it is refused.
Task<void> Schedules::TakeBack(Schedules& self, std::string jid) {
  const std::uint64_t tenure = self.core_.tenure;
  bool is_clearing = self.core_.is_clearing;
  auto cancelled = co_await Cancel(self.core_, jid);
  while (!cancelled && is_clearing) {
    co_await net::Sleep(self.core_.loop, kTakeBackPause);
    if (tenure != self.core_.tenure) co_return;
    is_clearing = self.core_.is_clearing;
    cancelled = co_await Cancel(self.core_, jid);
  }
  if (!cancelled && cancelled.error().code != Errc::kNotFound) {
    log::Warn("jobs.schedule_not_replaced", {{"jid", jid}, {"error", cancelled.error().detail}});
  }
}

}  // namespace tidemill::jobs
