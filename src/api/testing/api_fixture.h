// ApiFixture: the API over the memory broker, on loops that the test drives by hand, with a directory that
// writes down what it was asked.
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/service.h"
#include "metrics/metrics.h"
#include "net/loop.h"
#include "net/task_scope.h"
#include "realtime/broker/memory/memory_broker.h"
#include "realtime/broker/publisher.h"
#include "realtime/control/directory.h"

namespace tidemill::api::testing {

class FakeDirectory final : public control::Directory {
 public:
  Task<Result<void>> Apply(control::Target target, control::Action action) override;
  Task<std::uint64_t> CountOfUser(std::string) override { co_return 0; }
  Task<std::vector<control::NodeInfo>> Nodes() override { co_return nodes; }
  Task<Result<std::vector<broker::ChannelCount>>> Channels(std::string pattern) override;

  std::vector<std::string> asked;  // "unsubscribe u1/c1/s1 news"
  std::vector<control::NodeInfo> nodes;
  broker::Broker* broker = nullptr;  // whose channels it tells
  Result<void> answer;
};

class ApiFixture final : public broker::BrokerEvents {
 public:
  explicit ApiFixture(std::size_t loops = 1);
  ~ApiFixture();

  struct Reply {
    int status = 0;
    std::string body;  // epochs are written EPOCH
    friend bool operator==(const Reply&, const Reply&) = default;
    // For failures of gtest.
    friend void PrintTo(const Reply& reply, std::ostream* out) { *out << reply.status << " " << reply.body; }
  };
  using Headers = std::vector<http::HeaderView>;

  // Asks the route of the method, "" for the legacy one; 404 when there is none.
  Reply Post(std::string_view method, std::string_view body);
  Reply PostWith(std::string_view method, std::string_view body, Headers headers,
                 std::string_view query = "");
  void Reload(ApiSettings settings);

  // Runs a task to its end.
  void Run(Task<void> task);
  void Subscribe(std::string channel);
  void AddPresence(std::string channel, protocol::ClientInfo info);

  void OnPublication(const broker::ChannelName& channel, const broker::PublicationPtr& publication) override;
  void OnJoin(const broker::ChannelName&, const broker::ClientInfo&) override {}
  void OnLeave(const broker::ChannelName&, const broker::ClientInfo&) override {}
  void OnStreamLost(const broker::ChannelName&) override {}

  static ApiSettings DefaultSettings();  // key "k"; without namespace history 5 and presence; see the .cc

  FakeDirectory directory;
  metrics::Registry registry;
  std::vector<std::string> published;  // what subscribed channels got: "a {}"
  broker::PublicationPtr last_published;
  std::vector<Route> routes;

 private:
  Task<void> Ask(std::shared_ptr<http::Handler> handler, const http::Request& request, Reply& reply);

  std::vector<std::unique_ptr<net::Loop>> loops_;
  std::unique_ptr<broker::MemoryBrokerShards> shards_;
  std::vector<broker::LoopBroker> nodes_;
  std::unique_ptr<broker::Publisher> publisher_;
  ApiMetrics metrics_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<TaskScope> scope_;
};

}  // namespace tidemill::api::testing
