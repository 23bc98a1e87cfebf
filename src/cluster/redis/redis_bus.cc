#include "cluster/redis/redis_bus.h"

#include <set>
#include <utility>

#include "net/async.h"
#include "net/task_scope.h"

namespace tidemill::cluster {
namespace {

constexpr Duration kRetry = Milliseconds(200);

class BusOnRedis final : public RedisBus, private redis::SubscriberEvents {
 public:
  BusOnRedis(net::Loop& loop, const redis::Topology& topology, redis::Metrics& metrics, std::string prefix,
             const NodeId& self)
      : loop_(loop),
        sharded_(topology.sharded_pub_sub()),
        prefix_(std::move(prefix)),
        channels_{prefix_ + ".control", prefix_ + ".node." + self.value()},
        lost_(channels_),
        client_(topology.MakeClient(loop, metrics)),
        subscriber_(topology.MakeSubscriber(loop, *this, metrics)) {}

  void SetEvents(BusEvents& events) override { events_ = &events; }

  void Start() override {
    events_->OnLost();
    for (const std::string& channel : channels_) scope_.Spawn(Keep(channel));
  }

  Task<Result<void>> Publish(std::string message) override {
    return Send(prefix_ + ".control", std::move(message));
  }
  Task<Result<void>> PublishTo(NodeId node, std::string message) override {
    return Send(prefix_ + ".node." + node.value(), std::move(message));
  }

 private:
  Task<void> Keep(std::string channel) {
    while (!co_await subscriber_->Subscribe(channel)) co_await net::Sleep(loop_, kRetry);
    OnRestored(channel);
  }

  Task<Result<void>> Send(std::string channel, std::string message) {
    const redis::Command command{sharded_ ? "SPUBLISH" : "PUBLISH", channel, message};
    TM_CO_TRY_ASSIGN(const redis::Reply reply, co_await client_->Send(channel, command));
    if (reply.is_error()) co_return Fail(Errc::kRefused, reply.text);
    co_return {};
  }

  void OnMessage(std::string_view, std::string_view payload) override { events_->OnMessage(payload); }
  void OnLost(const std::string& channel) override {
    if (lost_.empty()) events_->OnLost();
    lost_.insert(channel);
  }
  void OnRestored(const std::string& channel) override {
    if (lost_.erase(channel) > 0 && lost_.empty()) events_->OnRestored();
  }

  net::Loop& loop_;
  const bool sharded_;
  const std::string prefix_;
  const std::set<std::string> channels_;
  std::set<std::string> lost_;  // of channels_: those whose messages do not come now
  BusEvents* events_ = nullptr;
  std::unique_ptr<redis::Client> client_;
  std::unique_ptr<redis::Subscriber> subscriber_;
  TaskScope scope_;  // last: its tasks refer to all above
};

}  // namespace

std::unique_ptr<RedisBus> MakeRedisBus(net::Loop& loop, const redis::Topology& topology,
                                       redis::Metrics& metrics, std::string prefix, NodeId self) {
  return std::make_unique<BusOnRedis>(loop, topology, metrics, std::move(prefix), self);
}

}  // namespace tidemill::cluster
