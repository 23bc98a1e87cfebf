#include "redis/connection/link.h"

#include <utility>

#include "base/log.h"
#include "net/async.h"
#include "net/backoff.h"
#include "net/task_scope.h"
#include "redis/connection/down_since.h"
#include "redis/connection/incarnation.h"
#include "redis/connection/primary.h"

namespace tidemill::redis {
namespace {

class LinkToPrimary final : public Link {
 public:
  LinkToPrimary(net::Loop& loop, Locator& locator, LinkOptions options, Metrics& metrics)
      : loop_(loop), locator_(locator), options_(std::move(options)), metrics_(metrics), down_(loop.clock()) {
    locator_.SetOnMoved([this] { Reconnect("the primary has moved"); });
  }

  ~LinkToPrimary() override {
    locator_.SetOnMoved(nullptr);
    if (connection_) loop_.Retire(std::move(connection_));
  }

  void Start() override { scope_.Spawn(StayConnected()); }

  Task<Result<Reply>> Send(Command command, Asking asking) override {
    if (!connection_) co_return Refuse();
    if (asking == Asking::kYes) connection_->SendUnawaited({"ASKING"});
    auto reply = co_await connection_->Send(std::move(command));
    if (reply && reply->error_code() == "READONLY") Reconnect("the server became a replica");
    co_return reply;
  }

  Task<Result<Reply>> Run(const Script& script, std::vector<std::string> keys,
                          std::vector<std::string> arguments, Asking asking) override {
    if (!connection_) co_return Refuse();
    arguments.push_back(incarnation_);
    auto reply = co_await Send(Call("EVALSHA", script.sha1(), keys, arguments), asking);
    if (reply && reply->error_code() == "NOSCRIPT") {
      arguments.back() = incarnation_;  // the connection may be another one by now
      reply = co_await Send(Call("EVAL", script.source(), keys, arguments), asking);
    }
    co_return reply;
  }

  void Reconnect(std::string why) override {
    if (!connection_) return;
    ended_->sender().Send(std::move(why));
  }

  std::optional<MonotonicTime> down_since() const override { return down_.since(); }

 private:
  std::unexpected<Error> Refuse() {
    metrics_.refused.Add();
    return Fail(Errc::kUnavailable, "not connected to Redis");
  }

  static Command Call(std::string_view how, const std::string& script, const std::vector<std::string>& keys,
                      const std::vector<std::string>& arguments) {
    Command command{how, script};
    command.Add(keys.size());
    for (const std::string& key : keys) command.Add(key);
    for (const std::string& argument : arguments) command.Add(argument);
    return command;
  }

  Task<void> StayConnected() {
    net::Backoff backoff(options_.connection.reconnect_delay_min, options_.connection.reconnect_delay_max);
    for (;;) {
      const Result<void> opened = co_await Open();
      if (opened) {
        const MonotonicTime begun = loop_.clock().Now();
        const std::string why = co_await *ended_;
        down_.Begin();
        connection_->Close(why);
        loop_.Retire(std::move(connection_));
        log::Warn("redis.connection_lost", {{"why", why}});
        if (loop_.clock().Now() - begun > backoff.longest()) backoff.Reset();
      } else if (!complained_) {
        complained_ = true;
        log::Warn("redis.connect_failed", {{"why", opened.error().detail}});
      }
      co_await net::Sleep(loop_, backoff.Next());
    }
  }

  Task<Result<void>> Open() {
    TM_CO_TRY_ASSIGN(PrimaryConnection primary,
                     co_await OpenPrimary(loop_, locator_, options_.connection, metrics_));
    auto incarnation = co_await Incarnate(*primary.connection, primary.server);
    if (!incarnation) {
      loop_.Retire(std::move(primary.connection));
      co_return std::unexpected(std::move(incarnation).error());
    }
    incarnation_ = *std::move(incarnation);
    connection_ = std::move(primary.connection);
    ended_ = std::make_unique<net::Reply<std::string>>(loop_);
    connection_->SetOnClosed([sender = ended_->sender()](std::string why) { sender.Send(std::move(why)); });
    down_.End();
    complained_ = false;
    log::Info("redis.connected", {{"incarnation", incarnation_}});
    co_return Result<void>();
  }

  Task<Result<std::string>> Incarnate(Connection& connection, const ServerInfo& server) {
    const Script& script = IncarnationScript();
    const Command command{"EVAL",        script.source(),      "1", options_.incarnation_key,
                          server.run_id, server.replication_id};
    TM_CO_TRY_ASSIGN(const Reply reply, co_await connection.Send(command));
    if (!reply.is_integer()) co_return Fail(Errc::kUnavailable, "incarnation: " + ToString(reply));
    co_return std::to_string(reply.integer);
  }

  net::Loop& loop_;
  Locator& locator_;
  const LinkOptions options_;
  Metrics& metrics_;
  DownSince down_;
  std::unique_ptr<Connection> connection_;  // null while it is not up
  std::unique_ptr<net::Reply<std::string>> ended_;
  std::string incarnation_;
  bool complained_ = false;
  TaskScope scope_;  // last: its task refers to all above
};

}  // namespace

std::unique_ptr<Link> MakeLink(net::Loop& loop, Locator& locator, LinkOptions options, Metrics& metrics) {
  return std::make_unique<LinkToPrimary>(loop, locator, std::move(options), metrics);
}

}  // namespace tidemill::redis
