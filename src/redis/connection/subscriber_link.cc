#include "redis/connection/subscriber_link.h"

#include <algorithm>
#include <coroutine>
#include <deque>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/log.h"
#include "net/async.h"
#include "net/backoff.h"
#include "net/task_scope.h"
#include "redis/connection/down_since.h"
#include "redis/connection/primary.h"

namespace tidemill::redis {
namespace {

// Channels in one SUBSCRIBE when all are subscribed to again.
constexpr std::size_t kChannelsPerCommand = 512;

struct Verbs {
  std::string_view subscribe, unsubscribe, message, subscribed, unsubscribed;
};
constexpr Verbs kPlainVerbs{"SUBSCRIBE", "UNSUBSCRIBE", "message", "subscribe", "unsubscribe"};
constexpr Verbs kShardedVerbs{"SSUBSCRIBE", "SUNSUBSCRIBE", "smessage", "ssubscribe", "sunsubscribe"};

using Answer = net::Reply<Result<void>>;

// A barrier that has no answer yet.
struct Waiting {
  std::string name;
  Answer::Sender sender;
};

// A channel in a SUBSCRIBE or UNSUBSCRIBE that has no answer yet.
struct Asked {
  std::string channel;
  bool subscribe;
  bool ends_command = true;  // an error is the answer to a whole command
};

struct Channel {
  bool wanted = true;
  bool lost = false;               // subscribed to before the connection ended, and not yet again
  bool subscribed = false;         // acknowledged at least once
  std::size_t unacknowledged = 0;  // SUBSCRIBE commands without an answer; that of the last one counts
  std::vector<Answer::Sender> waiting;
};

class LinkForSubscriptions final : public SubscriberLink {
 public:
  LinkForSubscriptions(net::Loop& loop, Locator& locator, ConnectionOptions options, PubSub mode,
                       SubscriberEvents& events, Metrics& metrics)
      : loop_(loop),
        locator_(locator),
        options_(std::move(options)),
        mode_(mode),
        verbs_(mode == PubSub::kPlain ? kPlainVerbs : kShardedVerbs),
        events_(events),
        metrics_(metrics),
        down_(loop.clock()) {
    locator_.SetOnMoved([this] { Reconnect("the primary has moved"); });
  }

  ~LinkForSubscriptions() override {
    locator_.SetOnMoved(nullptr);
    if (connection_) loop_.Retire(std::move(connection_));
  }

  void Start() override { scope_.Spawn(StayConnected()); }
  void SetOnDropped(std::function<void(const std::string&)> on_dropped) override {
    on_dropped_ = std::move(on_dropped);
  }

  Task<Result<void>> Subscribe(std::string name) override {
    if (!connection_) co_return Fail(Errc::kUnavailable, "not connected to Redis");
    const auto [found, is_new] = channels_.try_emplace(std::move(name));
    Channel& channel = found->second;
    const bool ask = is_new || !channel.wanted;
    channel.wanted = true;
    if (ask) TM_CO_TRY(Ask(found->first, channel));
    if (channel.unacknowledged == 0) co_return Result<void>();
    Answer answer(loop_);
    channel.waiting.push_back(answer.sender());
    co_return co_await answer;
  }

  void Unsubscribe(const std::string& name) override {
    const auto found = channels_.find(name);
    if (found == channels_.end() || !found->second.wanted) return;
    Channel& channel = found->second;
    channel.wanted = false;
    Tell(channel, Fail(Errc::kCancelled, "unsubscribed meanwhile"));
    if (connection_ && connection_->Write({verbs_.unsubscribe, name})) asked_.push_back({name, false});
    if (channel.unacknowledged == 0) channels_.erase(found);
  }

  Task<Result<void>> Barrier(std::string) override {
    if (!connection_) co_return Fail(Errc::kUnavailable, "not connected to Redis");
    // Not PING, which a Redis that cannot save refuses. No channel is named so: nothing is unsubscribed from.
    const std::string name = "\x1f" + std::to_string(++barriers_made_);
    TM_CO_TRY(connection_->Write({kPlainVerbs.unsubscribe, name}));
    Answer answer(loop_);
    barriers_.push_back({name, answer.sender()});
    co_return co_await answer;
  }

  void Reconnect(std::string why) override {
    if (connection_) ended_->sender().Send(std::move(why));
  }
  std::optional<MonotonicTime> down_since() const override { return down_.since(); }

 private:
  using Channels = std::unordered_map<std::string, Channel>;

  Result<void> Ask(const std::string& name, Channel& channel) {
    auto written = connection_->Write({verbs_.subscribe, name});
    if (!written) {
      channels_.erase(name);
      return written;
    }
    ++channel.unacknowledged;
    asked_.push_back({name, true});
    return {};
  }

  static void Tell(Channel& channel, const Result<void>& result) {
    for (const Answer::Sender& sender : std::exchange(channel.waiting, {})) sender.Send(result);
  }

  Task<void> StayConnected() {
    net::Backoff backoff(options_.reconnect_delay_min, options_.reconnect_delay_max);
    for (;;) {
      auto opened = co_await OpenPrimary(loop_, locator_, options_, metrics_);
      if (opened) {
        const MonotonicTime begun = loop_.clock().Now();
        Begin(std::move(opened->connection));
        const std::string why = co_await *ended_;
        End(why);
        if (loop_.clock().Now() - begun > backoff.longest()) backoff.Reset();
      } else if (!std::exchange(complained_, true)) {
        log::Warn("redis.subscriber_connect_failed", {{"why", opened.error().detail}});
      }
      co_await net::Sleep(loop_, backoff.Next());
    }
  }

  void Begin(std::unique_ptr<Connection> connection) {
    connection_ = std::move(connection);
    ended_ = std::make_unique<net::Reply<std::string>>(loop_);
    connection_->SetOnClosed([sender = ended_->sender()](std::string why) { sender.Send(std::move(why)); });
    connection_->SetOnPush([this](Reply reply) { OnPush(std::move(reply)); });
    down_.End();
    complained_ = false;
    SubscribeAgain();
  }

  // In batches. With sharded pub/sub the channels of one command must share a slot, so each has its own
  // command.
  void SubscribeAgain() {
    const std::size_t per_command = mode_ == PubSub::kPlain ? kChannelsPerCommand : 1;
    auto next = channels_.begin();
    while (next != channels_.end()) {
      Command command{verbs_.subscribe};
      for (std::size_t i = 0; i < per_command && next != channels_.end(); ++i, ++next) {
        command.Add(next->first);
        ++next->second.unacknowledged;
        asked_.push_back({.channel = next->first, .subscribe = true, .ends_command = false});
      }
      asked_.back().ends_command = true;
      if (!connection_->Write(command)) return Reconnect("too many bytes wait");
    }
  }

  void End(const std::string& why) {
    down_.Begin();
    connection_->Close(why);
    loop_.Retire(std::move(connection_));
    log::Warn("redis.subscriptions_lost", {{"why", why}, {"channels", channels_.size()}});
    asked_.clear();
    const Result<void> failure = Fail(Errc::kUnavailable, "Redis: " + why);
    for (const Waiting& waiting : std::exchange(barriers_, {})) waiting.sender.Send(failure);
    std::vector<std::string> lost;
    std::vector<Channel> given_up;
    for (auto at = channels_.begin(); at != channels_.end();) {
      Channel& channel = at->second;
      channel.unacknowledged = 0;
      if (channel.wanted && channel.subscribed) {
        if (!std::exchange(channel.lost, true)) lost.push_back(at->first);
        ++at;
      } else {
        given_up.push_back(std::move(channel));
        at = channels_.erase(at);
      }
    }
    for (Channel& channel : given_up) Tell(channel, failure);
    for (const std::string& name : lost) events_.OnLost(name);
  }

  void OnPush(Reply reply) {
    if (reply.is_error()) return OnRefused(reply.text);
    if (!reply.is_array() || reply.elements.size() < 2) return;
    const std::string& kind = reply.elements[0].text;
    const std::string& name = reply.elements[1].text;
    if (kind == verbs_.message && reply.elements.size() == 3) return OnMessage(name, reply.elements[2].text);
    if (kind == verbs_.subscribed) return OnSubscribed(name);
    if (kind == kPlainVerbs.unsubscribed && TakeBarrier(name)) return;
    if (kind == verbs_.unsubscribed) return OnUnsubscribed(name);
  }

  void OnMessage(const std::string& name, const std::string& payload) {
    metrics_.messages.Add();
    const auto found = channels_.find(name);
    if (found != channels_.end() && found->second.wanted) events_.OnMessage(name, payload);
  }

  void OnSubscribed(const std::string& name) {
    if (!asked_.empty()) asked_.pop_front();
    const auto found = channels_.find(name);
    if (found == channels_.end()) return;
    Channel& channel = found->second;
    if (channel.unacknowledged > 0 && --channel.unacknowledged > 0) return;
    if (!channel.wanted) {
      channels_.erase(found);
      return;
    }
    channel.subscribed = true;
    const bool restored = std::exchange(channel.lost, false);
    const std::string kept = name;
    Tell(channel, {});
    if (restored) events_.OnRestored(kept);
  }

  // The answer to an UNSUBSCRIBE, or with sharded pub/sub the end of a subscription whose slot moved.
  void OnUnsubscribed(const std::string& name) {
    if (!asked_.empty() && !asked_.front().subscribe && asked_.front().channel == name) {
      return asked_.pop_front();
    }
    const auto found = channels_.find(name);
    if (found == channels_.end() || !found->second.wanted || found->second.unacknowledged > 0) return;
    Drop(found, Errc::kUnavailable, "the server ended the subscription");
  }

  // An error answer to the oldest command: MOVED, NOPERM and others.
  void OnRefused(const std::string& why) {
    // The answer to the PING of a silent connection, which is refused together with writes.
    if (RefusalKindOf(why) == RefusalKind::kNotSaved) return;
    if (connection_) connection_->NoteError(why, verbs_.subscribe);
    for (bool ends = false; !ends && !asked_.empty();) {
      const Asked asked = std::move(asked_.front());
      asked_.pop_front();
      ends = asked.ends_command;
      if (asked.subscribe) OnRefused(asked.channel, why);
    }
  }
  void OnRefused(const std::string& name, const std::string& why) {
    const auto found = channels_.find(name);
    if (found == channels_.end()) return;
    Channel& channel = found->second;
    if (channel.unacknowledged > 0 && --channel.unacknowledged > 0) return;
    if (on_dropped_ || !channel.wanted || !channel.subscribed) return Drop(found, Errc::kRefused, why);
    // It was subscribed to before the connection was lost, and is still wanted: tried again until it
    // succeeds.
    Reconnect("a subscription was refused: " + why);
  }

  void Drop(Channels::iterator found, Errc code, const std::string& why) {
    const std::string name = found->first;
    Channel channel = std::move(found->second);
    channels_.erase(found);
    Tell(channel, Fail(code, (code == Errc::kRefused ? "Redis answered -" : "Redis: ") + why));
    if (!channel.wanted || !channel.subscribed) return;
    log::Warn("redis.subscription_dropped", {{"why", why}});
    if (!channel.lost) events_.OnLost(name);
    if (on_dropped_) on_dropped_(name);
  }

  // Whether it is the answer to the oldest barrier.
  bool TakeBarrier(std::string_view name) {
    if (barriers_.empty() || barriers_.front().name != name) return false;
    const Answer::Sender sender = std::move(barriers_.front().sender);
    barriers_.pop_front();
    sender.Send({});
    return true;
  }

  net::Loop& loop_;
  Locator& locator_;
  const ConnectionOptions options_;
  const PubSub mode_;
  const Verbs verbs_;
  SubscriberEvents& events_;
  Metrics& metrics_;
  DownSince down_;
  std::function<void(const std::string&)> on_dropped_;
  std::unique_ptr<Connection> connection_;  // null while it is not up
  std::unique_ptr<net::Reply<std::string>> ended_;
  Channels channels_;
  std::deque<Asked> asked_;  // SUBSCRIBEs without an answer yet, in order
  std::deque<Waiting> barriers_;
  std::uint64_t barriers_made_ = 0;
  bool complained_ = false;
  TaskScope scope_;  // last: its task refers to all above
};

}  // namespace

std::unique_ptr<SubscriberLink> MakeSubscriberLink(net::Loop& loop, Locator& locator,
                                                   ConnectionOptions options, PubSub mode,
                                                   SubscriberEvents& events, Metrics& metrics) {
  return std::make_unique<LinkForSubscriptions>(loop, locator, std::move(options), mode, events, metrics);
}

}  // namespace tidemill::redis
