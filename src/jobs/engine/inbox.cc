#include "jobs/engine/inbox.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "jobs/engine/core.h"
#include "jobs/engine/ending.h"
#include "jobs/engine/push.h"
#include "net/next_turn.h"

namespace tidemill::jobs {
namespace {

constexpr std::size_t kPage = 500;
constexpr std::size_t kShownBytesMax = 64 << 10;  // of a text that is no job

// A job that says what was refused, for the dead.
StoredJob MakeRefused(Core& core, const InboxJob& refused, const std::string& why) {
  StoredJob job{.id = JobId(++core.last_id),
                .jid = fmt::format("inbox-{:08}", refused.id),
                .queue = "default",
                .type = "Refused",
                .text = {}};
  std::string args = "[";
  AppendJsonString(CutUtf8(refused.text, kShownBytesMax), args);
  args += ']';
  std::string failure;
  job::AppendFailure({.failed_at = core.Now(),
                      .next_at = {},
                      .error = job::Reported({.type = "Refused", .message = why, .backtrace = {}})},
                     failure);
  JsonWriter json(job.text);
  json.BeginObject();
  json.Member("jid", job.jid);
  json.Member("jobtype", job.type);
  json.RawMember("args", args);
  json.Member("queue", job.queue);
  json.Member("retry", -1);
  json.RawMember("failure", failure);
  json.EndObject();
  return job;
}

}  // namespace

void Inbox::Start() {
  taken_.clear();
  rings_.reset();
  is_looking_ = false;
  if (core_.options.inbox_interval.ms > 0) LookNow();
}

void Inbox::Stop() {
  core_.loop.timers().Cancel(*this);
  is_looking_ = false;
}

void Inbox::LookNow() {
  if (core_.phase != Core::Phase::kServing) return;
  is_told_ = true;
  look_again_ = is_looking_;
  if (is_looking_) return;
  core_.loop.timers().Cancel(*this);
  OnTimer();  // a timer may come a tick later
}

void Inbox::Hear(bool hears) {
  hears_ = hears;
  if (core_.options.inbox_interval.ms > 0) LookNow();
}

bool Inbox::IsBusy() const { return core_.loop.clock().Now() < busy_until_; }

void Inbox::OnTimer() {
  is_looking_ = true;
  core_.scope.Spawn(Look(*this));
}

void Inbox::Take(InboxJob inbox) {
  Gathering& gathering = core_.flusher.Gather();
  gathering.RemoveInbox(inbox.id);
  Result<> pushed;
  if (auto job = job::ParseJob(inbox.text, core_.Now())) {
    pushed = Push(core_, *std::move(job), Origin::kInbox, gathering);
  } else {
    pushed = std::unexpected(job.error());
  }
  if (pushed || pushed.error().code == Errc::kAlreadyExists) return;
  log::Warn("jobs.inbox_refused", {{"id", inbox.id}, {"error", pushed.error().detail}});
  PutDead(core_, MakeRefused(core_, inbox, pushed.error().detail), gathering);
}

Task<std::size_t> Inbox::TakeAll(Inbox& self, std::vector<InboxJob> jobs) {
  Core& core = self.core_;
  const std::uint64_t tenure = core.tenure;
  std::size_t found = 0;
  std::unordered_set<std::int64_t> still_there;
  for (InboxJob& job : jobs) {
    still_there.insert(job.id);
    if (self.taken_.contains(job.id)) continue;
    ++found;
    self.Take(std::move(job));
    if (core.loop.ShareSpent()) co_await net::NextTurn(core.loop);
    if (tenure != core.tenure || core.phase != Core::Phase::kServing) co_return 0;
  }
  self.taken_ = std::move(still_there);
  // What a failed commit had goes again by itself; it is not taken twice.
  if (found > 0) (void)co_await CommitOf(core.flusher);
  co_return found;
}

Task<void> Inbox::SetRinging(Inbox& self) {
  const bool wanted = self.hears_ && !self.IsBusy();
  if (self.rings_ == wanted) co_return;
  const std::uint64_t tenure = self.core_.tenure;
  const auto done = co_await self.core_.store.RingForInbox(wanted);
  if (tenure != self.core_.tenure) co_return;
  if (done) {
    self.rings_ = wanted;
    self.look_again_ = self.look_again_ || wanted;
    self.is_told_ = self.is_told_ || wanted;  // what was under way cannot have rung
  } else {
    log::Warn("jobs.inbox_failed", {{"error", done.error().detail}});
  }
}

Task<void> Inbox::Look(Inbox& self) {
  Core& core = self.core_;
  const std::uint64_t tenure = core.tenure;
  const auto is_over = [&core, tenure] {
    return tenure != core.tenure || core.phase != Core::Phase::kServing;
  };
  for (bool again = true; again;) {
    self.look_again_ = false;
    const bool was_told = std::exchange(self.is_told_, false);
    const bool must_have_rung = self.rings_ == true && !was_told;
    auto loaded = co_await core.store.LoadInbox(kPage);
    if (is_over()) co_return;
    const bool is_unheard = must_have_rung && !self.is_told_;
    std::size_t found = 0;
    if (loaded) {
      found = co_await TakeAll(self, *std::move(loaded));
      if (is_unheard && core.metrics) core.metrics->CountPickedUp(JobMetrics::PickedUp::kInbox, found);
    } else {
      log::Warn("jobs.inbox_failed", {{"error", loaded.error().detail}});
    }
    if (found > 0) self.busy_until_ = core.loop.clock().Now() + kBusyFor;
    if (is_over()) co_return;
    co_await SetRinging(self);
    if (is_over()) co_return;
    again = found > 0 || self.look_again_;
  }
  self.is_looking_ = false;
  const Duration pause = self.IsBusy() ? kBusyPause : core.options.inbox_interval;
  core.loop.timers().Schedule(self, core.loop.clock().Now() + pause);
}

}  // namespace tidemill::jobs
