// MethodsFixture: the realtime methods over the memory broker, with a directory that writes down what it was
// asked.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/testing/api_bench.h"
#include "realtime/broker/map_publisher.h"
#include "realtime/broker/memory/memory_broker.h"
#include "realtime/broker/publisher.h"
#include "realtime/channels/rules.h"
#include "realtime/channels/settings.h"
#include "realtime/control/directory.h"
#include "realtime/methods/methods.h"

namespace tidemill::methods::testing {

class FakeDirectory final : public control::Directory {
 public:
  Task<Result<void>> Apply(control::Target target, control::Action action) override;
  Task<std::uint64_t> CountOfUser(std::string) override { co_return 0; }
  Task<std::vector<control::NodeInfo>> Nodes() override { co_return nodes; }
  Task<Result<std::vector<broker::ChannelCount>>> Channels(std::string pattern) override;
  Task<Result<control::ConnectionsPage>> Connections(control::ConnectionsQuery query) override;

  std::vector<std::string> asked;  // "unsubscribe u1/c1/s1 news"
  std::vector<control::NodeInfo> nodes;
  control::ConnectionsQuery query;
  control::ConnectionsPage connections;
  broker::Broker* broker = nullptr;  // whose channels it tells
  Result<void> answer;
};

class MethodsFixture final : public api::testing::ApiBench, public broker::BrokerEvents {
 public:
  explicit MethodsFixture(std::size_t loops = 1);
  ~MethodsFixture();

  struct Settings {
    api::HttpApiSettings http_api;
    std::shared_ptr<const channels::Rules> rules;
  };
  static Settings DefaultSettings();  // without namespace history 5 and presence; see the .cc
  void Reload(const Settings& settings);

  // Before the first call.
  void SetAccessStore(access::Store& store) { services_->access_store = &store; }

  void SetUserStatus(status::Store& store) { services_->user_status = &store; }

  // As others on this node publish.
  void Publish(broker::PublishCall call);
  void PublishKey(broker::MapPublishCall call);
  void Subscribe(std::string channel);
  void AddPresence(std::string channel, protocol::ClientInfo info);

  void OnPublication(const broker::ChannelName& channel, const broker::PublicationPtr& publication) override;
  void OnJoin(const broker::ChannelName&, const broker::ClientInfo&) override {}
  void OnLeave(const broker::ChannelName&, const broker::ClientInfo&) override {}
  void OnStreamLost(const broker::ChannelName&) override {}

  FakeDirectory directory;
  metrics::Registry access_metrics;
  access::AccessList access{2, access_metrics};
  std::vector<std::string> published;  // what subscribed channels got: "a {}"
  broker::PublicationPtr last_published;
  std::vector<broker::MapStateQuery> state_reads;  // what the broker of maps was asked for

 private:
  std::unique_ptr<broker::MemoryBrokerShards> shards_;
  std::vector<broker::LoopBroker> nodes_;
  std::unique_ptr<broker::Publisher> publisher_;
  std::unique_ptr<broker::MapBroker> recording_maps_;
  std::unique_ptr<broker::MapPublisher> maps_;
  std::unique_ptr<Services> services_;
};

}  // namespace tidemill::methods::testing
