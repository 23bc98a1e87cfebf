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
  is_looking_ = false;
  if (core_.options.inbox_interval.ms > 0) LookNow();
}

void Inbox::Stop() {
  core_.loop.timers().Cancel(*this);
  is_looking_ = false;
}

void Inbox::LookNow() {
  look_again_ = is_looking_;
  if (is_looking_ || core_.phase != Core::Phase::kServing) return;
  core_.loop.timers().Schedule(*this, core_.loop.clock().Now());
}

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

Task<void> Inbox::Look(Inbox& self) {
  Core& core = self.core_;
  const std::uint64_t tenure = core.tenure;
  self.look_again_ = false;
  auto loaded = co_await core.store.LoadInbox(kPage);
  if (tenure != core.tenure || core.phase != Core::Phase::kServing) co_return;
  bool is_busy = false;
  if (loaded) {
    std::unordered_set<std::int64_t> still_there;
    for (InboxJob& job : *loaded) {
      if (self.taken_.contains(job.id)) {
        still_there.insert(job.id);
        continue;
      }
      is_busy = true;
      still_there.insert(job.id);
      self.Take(std::move(job));
      if (core.loop.ShareSpent()) co_await net::NextTurn(core.loop);
      if (tenure != core.tenure || core.phase != Core::Phase::kServing) co_return;
    }
    self.taken_ = std::move(still_there);
    // What a failed commit had goes again by itself; it is not taken twice.
    if (is_busy) (void)co_await CommitOf(core.flusher);
    if (tenure != core.tenure) co_return;
  } else {
    log::Warn("jobs.inbox_failed", {{"error", loaded.error().detail}});
  }
  self.is_looking_ = false;
  const Duration pause = self.look_again_ ? Duration{0} : is_busy ? kBusyPause : core.options.inbox_interval;
  core.loop.timers().Schedule(self, core.loop.clock().Now() + pause);
}

}  // namespace tidemill::jobs
