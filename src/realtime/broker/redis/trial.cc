#include "realtime/broker/redis/trial.h"

#include <memory>
#include <set>
#include <utility>

#include "base/random.h"
#include "net/async.h"
#include "realtime/broker/redis/metrics.h"
#include "realtime/broker/redis/planted_bugs.h"
#include "realtime/broker/redis/presence_store.h"
#include "realtime/broker/redis/stream_store.h"

namespace tidemill::broker::redis_broker {
namespace {

constexpr Duration kPatience = Seconds(3);  // for connections, and for a message
constexpr Duration kLookAgain = Milliseconds(10);
constexpr Duration kKept = Seconds(60);
constexpr std::size_t kNameLetters = 8;
constexpr std::size_t kTriesPerServer = 64;  // names are spread evenly: one of so many is on a given server

struct Messages final : redis::SubscriberEvents {
  void OnMessage(std::string_view, std::string_view) override { ++count; }
  void OnLost(const std::string&) override {}
  void OnRestored(const std::string&) override {}
  int count = 0;
};

class Trial {
 public:
  Trial(net::Loop& loop, const redis::Topology& topology, std::string prefix, redis::Metrics& metrics)
      : loop_(loop),
        keys_(std::move(prefix)),
        metrics_(registry_),
        client_(topology.MakeClient(loop, metrics)),
        subscriber_(topology.MakeSubscriber(loop, messages_, metrics)),
        store_(*client_, keys_, topology.sharded_pub_sub(), bugs_),
        presence_(MakePresenceStore(loop, *client_, keys_, {}, metrics_)) {}

  Task<std::vector<TrialStep>> Run() {
    if (!co_await Within([this] { return !client_->down_since() && !subscriber_->down_since(); })) {
      Take("connect", Fail(Errc::kUnavailable, "no connection within 3 s"));
      co_return std::move(steps_);
    }
    const std::string name = ".trial." + RandomLetters(kNameLetters) + ".";
    for (const ChannelName& channel : ChannelOnEachServer(*client_, keys_, name)) {
      messages_.count = 0;
      co_await TryChannel(channel);
      subscriber_->Unsubscribe(keys_.PubSub(channel));
    }
    co_return std::move(steps_);
  }

 private:
  Task<void> TryChannel(ChannelName channel) {
    if (!Take("subscribe", co_await subscriber_->Subscribe(keys_.PubSub(channel)))) co_return;
    if (!Take("publish", Done(co_await store_.Publish(channel, Publication{.data = "1"}, {})))) co_return;
    const PublishOptions kept{.stream = {.size = 1, .ttl = kKept, .meta_ttl = kKept}};
    if (!Take("publish with history", Done(co_await store_.Publish(channel, Publication{.data = "1"}, kept))))
      co_return;
    const bool came = co_await Within([this] { return messages_.count >= 2; });
    if (!Take("receive", came ? Result<void>() : Fail(Errc::kTimeout, "what was published did not come")))
      co_return;
    if (!Take("read history", Done(co_await store_.Read(channel, {.since = {}, .count = 1}, kKept))))
      co_return;
    if (!Take("join presence", co_await presence_->Add(channel, {.user = "trial", .client = "trial"})))
      co_return;
    if (!Take("read presence", Done(co_await presence_->Get(channel)))) co_return;
    if (!Take("leave presence", co_await presence_->Remove(channel, "trial"))) co_return;
    if (!Take("remove history", co_await store_.Remove(channel))) co_return;
    Take("delete", Done(co_await client_->Send(keys_.Meta(channel), {"DEL", keys_.Meta(channel)})));
  }

  template <class T>
  static Result<void> Done(const Result<T>& result) {
    if (!result) return std::unexpected(result.error());
    return {};
  }

  bool Take(std::string_view what, Result<void> result) {
    steps_.push_back({what, std::move(result)});
    return steps_.back().result.has_value();
  }

  template <class Done>
  Task<bool> Within(Done done) {
    const MonotonicTime deadline = loop_.clock().Now() + kPatience;
    while (!done()) {
      if (loop_.clock().Now() >= deadline) co_return false;
      co_await net::Sleep(loop_, kLookAgain);
    }
    co_return true;
  }

  net::Loop& loop_;
  const Keys keys_;
  const PlantedBugs bugs_{""};
  metrics::Registry registry_;
  Metrics metrics_;
  Messages messages_;
  const std::unique_ptr<redis::Client> client_;
  const std::unique_ptr<redis::Subscriber> subscriber_;
  StreamStore store_;
  const std::unique_ptr<PresenceStore> presence_;
  std::vector<TrialStep> steps_;
};

}  // namespace

Task<std::vector<TrialStep>> TryBroker(net::Loop& loop, const redis::Topology& topology, std::string prefix,
                                       redis::Metrics& metrics) {
  Trial trial(loop, topology, std::move(prefix), metrics);
  co_return co_await trial.Run();
}

std::vector<ChannelName> ChannelOnEachServer(const redis::Client& client, const Keys& keys,
                                             const std::string& name) {
  std::vector<ChannelName> channels;
  std::set<std::string> covered;
  const std::size_t servers = client.servers();
  for (std::size_t i = 0; covered.size() < servers && i < servers * kTriesPerServer; ++i) {
    ChannelName channel(name + std::to_string(i));
    const std::string server = client.ServerOf(keys.Stream(channel));
    if (!server.empty() && covered.insert(server).second) channels.push_back(std::move(channel));
  }
  return channels;
}

}  // namespace tidemill::broker::redis_broker
