#include "cluster/cluster_directory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/testing/patience.h"
#include "cluster/cluster.h"
#include "cluster/testing/cluster_bench.h"
#include "cluster/testing/fake_bus.h"
#include "realtime/session/node_directory.h"
#include "realtime/session/testing/session_bench.h"

namespace tidemill::cluster {
namespace {

using Lines = std::vector<std::string>;

session::BenchSettings TestSettings() {
  session::BenchSettings settings;
  settings.channel.without_namespace.allow_subscribe_for_client = true;
  return settings;
}

// Nodes with real sessions, each on its own loop; the test's thread runs them in turn.
class SessionCluster {
 public:
  explicit SessionCluster(session::BenchSettings settings) {
    for (const char* id : {"n0", "n1", "n2"}) nodes_.push_back(std::make_unique<Node>(*this, settings, id));
    for (const auto& node : nodes_) node->cluster.Start();
    Advance(Milliseconds(1000));
  }

  session::SessionBench& bench(std::size_t index) { return nodes_[index]->bench; }
  control::Directory& directory(std::size_t index) { return *nodes_[index]->directory; }
  testing::FakeNetwork& network() { return network_; }

  // A client of that node, of the user.
  std::unique_ptr<session::TestClient> Connect(std::size_t index, const std::string& user) {
    auto client = bench(index).Connect();
    const std::string token = session::SessionBench::Token(R"({"sub":")" + user + "\"}");
    said = client->Say(R"({"id":1,"connect":{"token":")" + token + "\"}}");
    return client;
  }

  void Turns() {
    for (int turn = 0; turn < 8; ++turn) {
      for (const auto& node : nodes_) node->bench.Turn();
    }
  }
  void Advance(Duration by) {
    for (std::int64_t left = by.ms; left > 0; left -= 100) {
      for (const auto& node : nodes_) node->bench.Advance(Milliseconds(100));
      Turns();
    }
  }
  template <class T>
  T Await(Task<T> task) {
    std::optional<T> result;
    nodes_[0]->scope.Spawn(Collect(std::move(task), result));
    for (int steps = 0; !result && steps < 20; ++steps) {
      Turns();
      if (!result) Advance(Milliseconds(100));
    }
    TM_ASSERT(result.has_value());
    return *std::move(result);
  }

  Lines said;  // to the last who connected

 private:
  struct Node {
    Node(SessionCluster& owner, const session::BenchSettings& settings, std::string id)
        : bench(settings),
          metrics(registry),
          bus(owner.network_.Join(bench.loop(), NodeId(id))),
          local(NameAndMakeLocal(id)),
          cluster(bench.loop(), *bus, *local, NodeId(id), metrics),
          directory(MakeClusterDirectory(bench.loop(), *local, cluster)) {
      bench.context().directory = directory.get();
    }
    std::unique_ptr<control::Directory> NameAndMakeLocal(const std::string& id) {
      auto named = std::make_shared<session::SessionSettings>(*bench.context().settings);
      named->node_id = id;
      named->node_name = "name of " + id;
      bench.context().settings = std::move(named);
      contexts.push_back(&bench.context());
      return session::MakeNodeDirectory(bench.context(), contexts);
    }

    session::SessionBench bench;
    metrics::Registry registry;
    ClusterMetrics metrics;
    std::unique_ptr<Bus> bus;
    std::vector<session::Context*> contexts;
    std::unique_ptr<control::Directory> local;
    Cluster cluster;
    std::unique_ptr<control::Directory> directory;
    TaskScope scope;
  };
  template <class T>
  static Task<void> Collect(Task<T> task, std::optional<T>& result) {
    result.emplace(co_await task);
  }

  testing::FakeNetwork network_;
  std::vector<std::unique_ptr<Node>> nodes_;
};

TEST(ClusterDirectory, ARevokedUserIsClosedOnEveryNode) {
  SessionCluster cluster(TestSettings());
  auto a = cluster.Connect(0, "u");
  auto b = cluster.Connect(1, "u");
  auto c = cluster.Connect(2, "u");
  auto other = cluster.Connect(2, "v");
  EXPECT_EQ(cluster.Await(cluster.directory(0).CountOfUser("u")), 3u);
  const auto done = cluster.Await(cluster.directory(0).Apply(
      {.user = "u", .except_clients = {b->id()}}, control::Disconnect{.code = 3503, .reason = "x"}));
  EXPECT_TRUE(done);
  EXPECT_EQ(a->close_code(), 3503u);
  EXPECT_EQ(b->close_code(), 0u) << "excepted";
  EXPECT_EQ(c->close_code(), 3503u) << "when the task is done, so are the others";
  EXPECT_EQ(other->close_code(), 0u);
}

TEST(ClusterDirectory, WhoIsBlockedIsOutOnEveryNode) {
  SessionCluster cluster(TestSettings());
  const auto near = cluster.Connect(0, "u");
  const auto far = cluster.Connect(1, "u");
  const auto other = cluster.Connect(1, "v");
  const control::ChangeAccess block{{.subject = "u", .decided_at = 1}};
  EXPECT_TRUE(cluster.Await(cluster.directory(0).Apply({}, block)));
  EXPECT_EQ(near->close_code(), 3507u);
  EXPECT_EQ(far->close_code(), 3507u) << "when the task is done, so are the others";
  EXPECT_EQ(other->close_code(), 0u);
  EXPECT_EQ(cluster.Connect(2, "u")->close_code(), 3507u);
  const control::ChangeAccess unblock{{.subject = "u", .decided_at = 2, .lifted = true}};
  EXPECT_TRUE(cluster.Await(cluster.directory(2).Apply({}, unblock)));
  EXPECT_EQ(cluster.Connect(1, "u")->close_code(), 0u);
}

TEST(ClusterDirectory, WhatIsForASessionGoesToItsNodeOnly) {
  SessionCluster nodes(TestSettings());
  const auto client = nodes.bench(1).Connect({.framing = hub::Framing::kLines});
  client->Say(R"({"id":1,"connect":{"token":")" + session::SessionBench::Token(R"({"sub":"u"})") + "\"}}");
  const std::string session = client->secret()->ToString();
  const auto deliver = [&](std::string node, std::string to) {
    return nodes.Await(
        nodes.directory(0).Apply({.user = "", .session = std::move(to), .node = std::move(node)},
                                 control::Deliver{R"({"id":2,"rpc":{}})"}));
  };
  EXPECT_TRUE(deliver("n1", session));
  EXPECT_EQ(client->Hear(), Lines{R"({"id":2,"error":{"code":108,"message":"not available"}})"});
  EXPECT_EQ(deliver("n2", session).error().code, Errc::kNotFound) << "it is on n1";
  EXPECT_EQ(deliver("n0", session).error().code, Errc::kNotFound) << "nor is it here";
  EXPECT_EQ(deliver("n9", session).error().code, Errc::kNotFound) << "there is no such node";
  EXPECT_EQ(client->Hear(), Lines{});
}

TEST(ClusterDirectory, ADeadNodeOfASessionIsNamed) {
  SessionCluster nodes(TestSettings());
  nodes.network().Cut(NodeId("n1"));
  const auto done = nodes.Await(nodes.directory(0).Apply(
      {.user = "", .session = "0000d1a4-8a52-4b0c-8e6f-3f1f0a1b2c3d", .node = "n1"}, control::Deliver{"{}"}));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::kTimeout);
  EXPECT_NE(done.error().detail.find("n1"), std::string::npos) << done.error().detail;
}

TEST(ClusterDirectory, ServerSideSubscriptionsReachAUserWhereverItIs) {
  SessionCluster cluster(TestSettings());
  auto far = cluster.Connect(1, "u");
  EXPECT_TRUE(cluster.Await(
      cluster.directory(0).Apply({.user = "u"}, control::Subscribe{.channel = "news", .data = "{}"})));
  EXPECT_EQ(far->Hear(), Lines{R"({"push":{"channel":"news","subscribe":{"data":{}}}})"});
  EXPECT_TRUE(cluster.Await(cluster.directory(0).Apply({.user = "u"}, control::Unsubscribe{"news"})));
  const Lines heard = far->Hear();
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_TRUE(heard[0].contains(R"("unsubscribe":{"code":2000)"));
  EXPECT_TRUE(cluster.Await(cluster.directory(0).Apply({.user = "u"}, control::Refresh{.expired = true})));
  EXPECT_EQ(far->close_code(), 3005u);
}

TEST(ClusterDirectory, ChannelsAndNodesAreThoseOfAll) {
  SessionCluster cluster(TestSettings());
  std::vector<std::unique_ptr<session::TestClient>> clients;
  for (const std::size_t node : {0u, 1u, 1u}) {
    clients.push_back(cluster.Connect(node, "u" + std::to_string(clients.size())));
    clients.back()->Say(R"({"id":2,"subscribe":{"channel":"all"}})");
  }
  clients.back()->Say(R"({"id":3,"subscribe":{"channel":"one"}})");
  const auto channels = cluster.Await(cluster.directory(2).Channels(""));
  ASSERT_TRUE(channels);
  EXPECT_EQ(*channels, (std::vector<broker::ChannelCount>{{"all", 3}, {"one", 1}}));

  const auto nodes = cluster.Await(cluster.directory(1).Nodes());
  ASSERT_EQ(nodes.size(), 3u);
  EXPECT_EQ(nodes[0].uid, "n1") << "itself first";
  EXPECT_EQ(nodes[0].counts,
            (control::NodeCounts{.clients = 2, .users = 2, .subscriptions = 3, .channels = 2}));
  EXPECT_EQ(nodes[1].uid, "n0");
  EXPECT_EQ(nodes[1].name, "name of n0");
  EXPECT_EQ(nodes[1].version, "test");
  EXPECT_EQ(nodes[1].counts,
            (control::NodeCounts{.clients = 1, .users = 1, .subscriptions = 1, .channels = 1}));
  EXPECT_GT(nodes[1].uptime, Duration{});
  EXPECT_EQ(nodes[2].uid, "n2");
}

TEST(ClusterDirectory, ConnectionsAreThoseOfAll) {
  SessionCluster cluster(TestSettings());
  std::vector<std::unique_ptr<session::TestClient>> clients;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < 9; ++i) {
    clients.push_back(cluster.Connect(i % 3, i % 2 == 0 ? "even" : "odd"));
    ids.push_back(clients.back()->id());
  }
  std::ranges::sort(ids);
  std::vector<std::string> seen;
  control::ConnectionsQuery query{.limit = 4};
  for (bool has_more = true; has_more;) {
    const auto page = cluster.Await(cluster.directory(1).Connections(query));
    ASSERT_TRUE(page && !page->connections.empty());
    for (const auto& info : page->connections) seen.push_back(info.client);
    query.after = seen.back();
    has_more = page->has_more;
  }
  EXPECT_EQ(seen, ids);
  const auto odd = cluster.Await(cluster.directory(2).Connections({.user = "odd", .limit = 100}));
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->connections.size(), 4u);

  cluster.network().Cut(NodeId("n0"));
  const auto cut = cluster.Await(cluster.directory(1).Connections({.limit = 4}));
  ASSERT_FALSE(cut) << "a part is not taken for the whole";
  EXPECT_EQ(cut.error().code, Errc::kTimeout);
}

TEST(ClusterDirectory, ASingleConnectionIsSingleOnAllNodes) {
  session::BenchSettings settings = TestSettings();
  settings.client.single_connection = true;
  SessionCluster cluster(settings);
  auto before = cluster.Connect(0, "u");
  cluster.Turns();
  auto after = cluster.Connect(1, "u");
  cluster.Turns();
  EXPECT_EQ(before->close_code(), protocol::kDisconnectConnectionLimit.code);
  EXPECT_EQ(after->close_code(), 0u);
}

TEST(ClusterDirectory, NobodyIsKeptOutByADeadNode) {
  session::BenchSettings settings = TestSettings();
  settings.client.single_connection = true;
  SessionCluster cluster(settings);
  cluster.network().Cut(NodeId("n2"));
  auto client = cluster.Connect(0, "u");
  ASSERT_EQ(cluster.said.size(), 1u) << "connected in the same turn";
  EXPECT_TRUE(cluster.said[0].starts_with(R"({"id":1,"connect":{)"));

  for (const char* node : {"n0", "n1"}) cluster.network().Disconnect(NodeId(node));
  auto alone = cluster.Connect(0, "v");
  EXPECT_EQ(cluster.said.size(), 1u) << "nor without the bus";
}

TEST(ClusterDirectory, AUsersConnectionsAreCountedOnAllNodes) {
  session::BenchSettings settings = TestSettings();
  settings.client.user_connection_limit = 2;
  SessionCluster cluster(settings);
  std::vector<std::unique_ptr<session::TestClient>> clients;
  for (const std::size_t node : {0u, 1u, 2u}) {
    clients.push_back(cluster.Connect(node, "u"));
    cluster.Turns();
  }
  EXPECT_EQ(clients[0]->close_code(), 0u);
  EXPECT_EQ(clients[1]->close_code(), 0u);
  EXPECT_EQ(clients[2]->close_code(), protocol::kDisconnectConnectionLimit.code);
}

TEST(ClusterDirectory, ActsHereThoughAnotherNodeIsDeadAndSaysWhich) {
  SessionCluster cluster(TestSettings());
  auto here = cluster.Connect(0, "u");
  auto there = cluster.Connect(1, "u");
  cluster.network().Cut(NodeId("n2"));
  const auto done = cluster.Await(
      cluster.directory(0).Apply({.user = "u"}, control::Disconnect{.code = 3503, .reason = "x"}));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error(), (Error{Errc::kTimeout, "not acknowledged by name of n2 (n2)"}));
  EXPECT_EQ(here->close_code(), 3503u);
  EXPECT_EQ(there->close_code(), 3503u);
}

// A directory of another loop than the cluster's, in a thread of its own.
TEST(ClusterDirectory, WorksOnEveryLoop) {
  testing::ClusterBench bench(2);
  const auto second = *net::Loop::Open({.index = 1, .read_buffer_bytes = 1024});
  testing::FakeDirectory local(*second, "n0");
  local.answer = Fail(Errc::kLimitExceeded, "here");
  local.sessions_of_user = 1;
  bench[1].directory.sessions_of_user = 2;
  const auto directory = MakeClusterDirectory(*second, local, *bench[0].cluster);
  struct Asked {
    Result<void> unsubscribed;
    std::uint64_t sessions = 0;
    std::vector<control::NodeInfo> nodes;
    std::atomic<bool> done = false;

    static Task<void> Run(control::Directory& all, Asked& asked) {
      asked.unsubscribed = co_await all.Apply({.user = "u"}, control::Unsubscribe{"a"});
      asked.sessions = co_await all.CountOfUser("u");
      asked.nodes = co_await all.Nodes();
      asked.done = true;
    }
  };
  Asked asked;
  TaskScope scope;
  second->Post([&] { scope.Spawn(Asked::Run(*directory, asked)); });
  std::thread thread([&second] { second->Run(); });
  const MonotonicTime give_up = SystemClock().Now() + tidemill::testing::kPatience;
  while (!asked.done && SystemClock().Now() < give_up) bench.Turns();
  second->Stop();
  thread.join();
  ASSERT_TRUE(asked.done);
  EXPECT_EQ(asked.unsubscribed.error().detail, "here");
  EXPECT_EQ(bench[1].directory.done, Lines{"unsubscribe u a"}) << "at the same time, not afterwards";
  EXPECT_EQ(asked.sessions, 3u);
  EXPECT_EQ(asked.nodes.size(), 2u);
}

}  // namespace
}  // namespace tidemill::cluster
