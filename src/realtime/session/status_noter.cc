#include "realtime/session/status_noter.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/log.h"
#include "net/next_turn.h"
#include "net/sleep.h"
#include "realtime/session/client.h"
#include "realtime/session/session.h"

namespace tidemill::session {
namespace {

constexpr std::size_t kUsersAtOnce = 1000;

}  // namespace

StatusMetrics::StatusMetrics(metrics::Registry& registry)
    : noted(
          registry.AddCounter("tidemill_user_status_notes_total",
                              "Users noted as active or online, with all that was said in a moment as one.")),
      lost(registry.AddCounter("tidemill_user_status_lost_total",
                               "Notes that were lost: the store did not answer, or too many waited.")) {}

StatusNoter::StatusNoter(Context& context, status::Store& store, StatusNoterOptions options,
                         StatusMetrics& metrics)
    : context_(context), store_(store), options_(options), metrics_(metrics) {}

void StatusNoter::Start() { scope_.Spawn(NoteAllOnline()); }

void StatusNoter::OnConnected(const Client& client, const AppNames::App&) {
  Note(client.user, status::Sign::kOnline);
}

void StatusNoter::OnDisconnected(const Client& client, const AppNames::App&, std::uint32_t,
                                 std::string_view) {
  Note(client.user, status::Sign::kOnline);
}

Task<Verdict<std::string>> StatusNoter::Call(const Client& caller, std::string, std::string) {
  if (caller.user.empty()) co_return Refused(protocol::kErrorPermissionDenied);
  Note(caller.user, status::Sign::kActive);
  co_return std::string("{}");
}

void StatusNoter::Note(const std::string& user, status::Sign sign) {
  if (user.empty()) return;
  Users& users = waiting_[static_cast<std::size_t>(sign)];
  if (users.size() >= options_.waiting_max && !users.contains(user)) return metrics_.lost.Add();
  users.insert(user);
  if (!flushing_ && !scheduled()) {
    context_.loop.timers().Schedule(*this, context_.loop.Now() + options_.gather);
  }
}

void StatusNoter::OnTimer() {
  flushing_ = true;
  scope_.Spawn(Flush());
}

Task<void> StatusNoter::Flush() {
  for (std::size_t sign = 0; sign < status::kSigns; ++sign) {
    while (!waiting_[sign].empty()) {
      std::vector<std::string> users;
      while (!waiting_[sign].empty() && users.size() < kUsersAtOnce) {
        users.push_back(std::move(waiting_[sign].extract(waiting_[sign].begin()).value()));
      }
      const std::size_t count = users.size();
      const auto done = co_await store_.Note(std::move(users), static_cast<status::Sign>(sign),
                                             context_.loop.clock().WallNow());
      (done ? metrics_.noted : metrics_.lost).Add(count);
      if (done) continue;
      if (const auto suppressed = complaints_.Count(context_.loop.Now())) {
        log::Warn("user_status.not_noted", {{"why", done.error().detail}, {"suppressed", *suppressed}});
      }
    }
  }
  flushing_ = false;
  const bool more = std::ranges::any_of(waiting_, [](const Users& users) { return !users.empty(); });
  if (more) context_.loop.timers().Schedule(*this, context_.loop.Now() + options_.gather);
}

Task<void> StatusNoter::NoteAllOnline() {
  while (true) {
    co_await net::Sleep(context_.loop, options_.online_interval);
    Registry::WalkAll walk(context_.registry);
    while (!walk.done()) {
      if (const Session* const session = walk.Next(); session && session->connected()) {
        Note(session->user(), status::Sign::kOnline);
      }
      if (context_.loop.ShareSpent()) co_await net::NextTurn(context_.loop);
    }
  }
}

}  // namespace tidemill::session
