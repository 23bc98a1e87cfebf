#include "postgres/listening/listener.h"

#include <atomic>
#include <set>
#include <utility>
#include <vector>

#include "base/log.h"
#include "net/backoff.h"
#include "net/reply.h"
#include "net/sleep.h"
#include "net/task_scope.h"
#include "postgres/connection/session.h"
#include "sql/schema/schema.h"

namespace tidemill::postgres {
namespace {

constexpr std::size_t kChannelBytesMax = 63;  // NAMEDATALEN - 1; what is longer is cut by the server

sql::Call CallOf(std::string_view command, std::string_view channel) {
  return {.statement = sql::Statement(std::string(command) + " " + sql::QuoteIdentifier(channel),
                                      {.reuse = sql::Reuse::kOnce, .parameter_oids = {}})};
}

class PostgresListener final : public Listener, private ConnectionEvents {
 public:
  PostgresListener(net::Loop& loop, const SessionOpener& opener, LaneOptions options, ListenerEvents& events,
                   Metrics& metrics)
      : loop_(loop),
        options_(std::move(options)),
        events_(events),
        shared_{.opener = opener, .catalog = catalog_, .metrics = metrics},
        down_since_ms_(loop.clock().Now().ms) {
    scope_.Spawn(StayConnected());
  }
  ~PostgresListener() override {
    if (session_) loop_.Retire(std::move(session_));
  }

  Task<sql::Result<void>> Listen(std::string channel) override {
    if (channel.empty() || channel.size() > kChannelBytesMax || !MayBeSent(channel)) {
      co_return sql::Fail(sql::FailureKind::kInvalidValue, "a channel's name has 1 to 63 bytes");
    }
    if (!session_) co_return sql::Fail(sql::FailureKind::kUnavailable, "not connected to PostgreSQL");
    Ask ask;
    ask.calls.push_back(CallOf("listen", channel));
    TM_CO_TRY(co_await session_->Execute(ask));
    channels_.insert(std::move(channel));
    co_return sql::Result<void>();
  }

  void Unlisten(const std::string& channel) override {
    if (channels_.erase(channel) == 0 || !session_) return;
    scope_.Spawn(SendUnlisten(*this, channel));
  }

  std::optional<MonotonicTime> down_since() const override {
    const std::int64_t ms = down_since_ms_.load(std::memory_order_relaxed);
    if (ms < 0) return std::nullopt;
    return MonotonicTime{ms};
  }

 private:
  static Task<void> SendUnlisten(PostgresListener& self, std::string channel) {
    Ask ask;
    ask.calls.push_back(CallOf("unlisten", channel));
    if (self.session_) (void)co_await self.session_->Execute(ask);
  }

  void OnNotification(const Notification& notification) override {
    if (!channels_.contains(notification.channel)) return;
    events_.OnNotification(notification.channel, notification.payload);
  }
  void OnClosed(const std::string& why) override { ended_->sender().Send(why); }

  // All channels in one segment: it listens to all of them or to none.
  Task<sql::Result<std::unique_ptr<Session>>> Open() {
    TM_CO_TRY_ASSIGN(auto session, co_await Session::Open(loop_, shared_, options_.session));
    if (session->is_pooled()) {
      loop_.Retire(std::move(session));
      co_return sql::Fail(sql::FailureKind::kUnavailable,
                          "a pooler is in between, behind which LISTEN is lost");
    }
    ended_ = std::make_unique<net::Reply<std::string>>(loop_);
    session->connection().SetEvents(this);
    Ask ask;
    for (const std::string& channel : channels_) ask.calls.push_back(CallOf("listen", channel));
    auto done = co_await session->Execute(ask);
    if (!done) {
      loop_.Retire(std::move(session));
      co_return std::unexpected(std::move(done).error());
    }
    co_return session;
  }

  Task<void> StayConnected() {
    net::Backoff backoff(options_.reconnect_delay_min, options_.reconnect_delay_max);
    for (bool was_up = false;;) {
      auto opened = co_await Open();
      if (opened) {
        session_ = *std::move(opened);
        down_since_ms_.store(-1, std::memory_order_relaxed);
        complained_ = false;
        backoff.Reset();
        if (std::exchange(was_up, true)) events_.OnRestored();
        const std::string why = co_await *ended_;
        down_since_ms_.store(loop_.clock().Now().ms, std::memory_order_relaxed);
        loop_.Retire(std::move(session_));
        log::Warn("postgres.listener_lost", {{"why", why}});
        events_.OnLost();
      } else {
        shared_.metrics.connect_failures.Add();
        if (!std::exchange(complained_, true)) {
          log::Warn("postgres.listener_failed", {{"why", opened.error().message}});
        }
      }
      co_await net::Sleep(loop_, backoff.Next());
    }
  }

  net::Loop& loop_;
  const LaneOptions options_;
  ListenerEvents& events_;
  TypeCatalog catalog_;
  const SessionShared shared_;
  std::set<std::string, std::less<>> channels_;
  std::unique_ptr<Session> session_;  // null while it is down
  std::unique_ptr<net::Reply<std::string>> ended_;
  std::atomic<std::int64_t> down_since_ms_;  // negative: up
  bool complained_ = false;
  TaskScope scope_;  // last: its tasks refer to all above
};

}  // namespace

std::unique_ptr<Listener> MakeListener(net::Loop& loop, const SessionOpener& opener, LaneOptions options,
                                       ListenerEvents& events, Metrics& metrics) {
  return std::make_unique<PostgresListener>(loop, opener, std::move(options), events, metrics);
}

}  // namespace tidemill::postgres
