#include "realtime/broker/redis/presence_store.h"

#include <algorithm>
#include <deque>
#include <map>
#include <unordered_map>
#include <utility>

#include "net/next_turn.h"
#include "net/task_scope.h"
#include "realtime/broker/redis/record.h"
#include "realtime/broker/redis/scripts.h"
#include "realtime/broker/redis/stream_store.h"

namespace tidemill::broker::redis_broker {
namespace {

constexpr std::size_t kClientsPerRenewal = 500;
constexpr Duration kTick = Milliseconds(500);

std::string ValueOf(const protocol::ClientInfo& info) {
  return std::to_string(info.user.size()) + ":" + info.user + EncodeClientInfo(info);
}

// What follows the length and the user.
Result<protocol::ClientInfo> InfoOf(std::string_view value) {
  const std::size_t colon = value.find(':');
  std::size_t user_bytes = 0;
  for (const char digit : value.substr(0, colon)) {
    user_bytes = user_bytes * 10 + static_cast<std::size_t>(digit - '0');
  }
  if (colon == std::string_view::npos || user_bytes > value.size() - colon - 1) {
    return Fail(Errc::kUnavailable, "Redis: malformed presence entry");
  }
  return DecodeClientInfo(value.substr(colon + 1 + user_bytes));
}

class RedisPresence final : public PresenceStore, private net::Timer {
 public:
  RedisPresence(net::Loop& loop, redis::Client& client, const Keys& keys, PresenceOptions options,
                Metrics& metrics)
      : loop_(loop), client_(client), keys_(keys), options_(options), metrics_(metrics) {}

  Task<Result<void>> Add(channels::ChannelName channel, protocol::ClientInfo info) override {
    const auto [found, is_new] = ours_.try_emplace(channel);
    if (is_new) RenewLater(channel);
    found->second.clients[info.client] = info;
    return Put(std::move(channel), std::move(info));
  }

  Task<Result<void>> Remove(channels::ChannelName channel, std::string client) override {
    const auto found = ours_.find(channel);
    if (found != ours_.end()) found->second.clients.erase(client);
    TM_CO_TRY_ASSIGN(const redis::Reply reply,
                     co_await client_.Run(RemovePresenceScript(), KeysOf(channel), {std::move(client)}));
    co_return CheckReply(reply);
  }

  Task<Result<std::vector<protocol::ClientInfoPtr>>> Get(channels::ChannelName channel) override {
    net::Loop& loop = loop_;
    TM_CO_TRY_ASSIGN(redis::Reply reply, co_await client_.Run(ReadPresenceScript(), KeysOf(channel), {}));
    TM_CO_TRY(CheckReply(reply));
    std::vector<protocol::ClientInfoPtr> entries;
    entries.reserve(reply.elements.size());
    for (redis::Reply& element : reply.elements) {
      TM_CO_TRY_ASSIGN(auto info, InfoOf(element.text));
      entries.push_back(std::make_shared<const protocol::ClientInfo>(std::move(info)));
      std::string().swap(element.text);
      if (loop.ShareSpent()) co_await net::NextTurn(loop);
    }
    co_return entries;
  }

  Task<Result<PresenceStats>> Stats(channels::ChannelName channel) override {
    TM_CO_TRY_ASSIGN(const redis::Reply reply,
                     co_await client_.Run(CountPresenceScript(), KeysOf(channel), {}));
    TM_CO_TRY(CheckReply(reply));
    if (reply.elements.size() != 2) co_return Unexpected(reply);
    co_return PresenceStats{.clients = static_cast<std::uint32_t>(reply.elements[0].integer),
                            .users = static_cast<std::uint32_t>(reply.elements[1].integer)};
  }

 private:
  struct Channel {
    std::map<std::string, protocol::ClientInfo> clients;
    std::size_t renewals_running = 0;
  };
  struct Due {
    MonotonicTime at;
    channels::ChannelName channel;
  };

  std::vector<std::string> KeysOf(const channels::ChannelName& channel) const {
    return {keys_.PresenceData(channel), keys_.PresenceExpiry(channel), keys_.PresenceUsers(channel)};
  }
  std::string Ttl() const { return std::to_string(options_.ttl.ms); }

  Task<Result<void>> Put(channels::ChannelName channel, protocol::ClientInfo info) {
    TM_CO_TRY_ASSIGN(const redis::Reply reply, co_await client_.Run(AddPresenceScript(), KeysOf(channel),
                                                                    {info.client, ValueOf(info), Ttl()}));
    co_return CheckReply(reply);
  }

  void RenewLater(channels::ChannelName channel) {
    due_.push_back({loop_.Now() + options_.renewal_interval, std::move(channel)});
    Schedule();
  }
  void Schedule() {
    if (!scheduled() && !renewing_) loop_.timers().Schedule(*this, loop_.Now() + kTick);
  }
  void OnTimer() override {
    renewing_ = true;
    scope_.Spawn(RenewDue());
  }

  // In several turns where many are due at once, as after thousands came together. The interval is the same
  // for all channels, so the queue is in the order of time. A channel that was left stays in `ours_` until it
  // is due: if it is joined again before, it is not queued twice.
  Task<void> RenewDue() {
    const MonotonicTime now = loop_.Now();
    while (!due_.empty() && due_.front().at <= now) {
      channels::ChannelName channel = std::move(due_.front().channel);
      due_.pop_front();
      const auto found = ours_.find(channel);
      if (found->second.clients.empty() && found->second.renewals_running == 0) {
        ours_.erase(found);
      } else {
        due_.push_back({now + options_.renewal_interval, channel});
        // Not while renewals of the channel still wait for a slow Redis: the next interval tries again, and
        // entries outlive one that is missed.
        if (found->second.renewals_running == 0) co_await RenewAll(std::move(channel));
      }
      if (loop_.ShareSpent()) co_await net::NextTurn(loop_);
    }
    renewing_ = false;
    if (!due_.empty()) Schedule();
  }

  // Who comes between two batches may be left out: such an entry is new.
  Task<void> RenewAll(channels::ChannelName channel) {
    std::string last;
    while (true) {
      Channel& ours = ours_.find(channel)->second;
      std::vector<std::string> batch{Ttl()};
      for (auto at = ours.clients.upper_bound(last);
           at != ours.clients.end() && batch.size() <= kClientsPerRenewal; ++at) {
        batch.push_back(at->first);
      }
      if (batch.size() == 1) co_return;
      last = batch.back();
      ++ours.renewals_running;
      scope_.Spawn(Renew(channel, std::move(batch)));
      if (loop_.ShareSpent()) co_await net::NextTurn(loop_);
    }
  }

  Task<void> Renew(channels::ChannelName channel, std::vector<std::string> arguments) {
    metrics_.presence_renewed.Add(arguments.size() - 1);
    const auto reply = co_await client_.Run(RefreshPresenceScript(), KeysOf(channel), std::move(arguments));
    if (reply) co_await AddMissing(channel, reply->elements);
    --ours_.find(channel)->second.renewals_running;
  }

  Task<void> AddMissing(const channels::ChannelName& channel, const std::vector<redis::Reply>& missing) {
    for (const redis::Reply& client : missing) {
      const auto& clients = ours_.find(channel)->second.clients;
      const auto entry = clients.find(client.text);
      if (entry != clients.end()) (void)co_await Put(channel, entry->second);
    }
  }

  net::Loop& loop_;
  redis::Client& client_;
  const Keys& keys_;
  const PresenceOptions options_;
  Metrics& metrics_;
  // Of sessions of this loop. A channel is here while it is in `due_`.
  std::unordered_map<channels::ChannelName, Channel> ours_;
  std::deque<Due> due_;
  bool renewing_ = false;  // what is due; the timer waits
  TaskScope scope_;        // last: its tasks refer to all above
};

}  // namespace

std::unique_ptr<PresenceStore> MakePresenceStore(net::Loop& loop, redis::Client& client, const Keys& keys,
                                                 PresenceOptions options, Metrics& metrics) {
  return std::make_unique<RedisPresence>(loop, client, keys, options, metrics);
}

}  // namespace tidemill::broker::redis_broker
