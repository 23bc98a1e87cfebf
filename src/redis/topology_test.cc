// One body of tests over everything that may stand behind broker.redis, each with real servers.
#include "redis/topology.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "metrics/metrics.h"
#include "net/testing/certificate.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"
#include "redis/hash_slot.h"
#include "redis/sharded.h"
#include "redis/testing/cluster_set.h"
#include "redis/testing/recorder.h"
#include "redis/testing/sentinel_set.h"

namespace tidemill::redis {
namespace {

using net::testing::DriveUntil;
using net::testing::RunTask;
using testing::ClusterSet;
using testing::Recorder;
using testing::RedisServer;
using testing::SentinelSet;
using testing::ServerOptions;

// Servers, and how the settings name them.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual redis::RedisSettings Settings() = 0;
  // Who has the key now.
  virtual RedisServer& ServerOf(const std::string& key) = 0;
  // Kills that server and sees to it that somebody has the key again.
  virtual void Replace(RedisServer& server, const std::string&) { server.Restart(); }
  // Lets a server that was stopped go on, after somebody has taken its place where there is anybody.
  virtual void Continue(RedisServer& server, const std::string&) { server.Continue(); }
};

class Single final : public Backend {
 public:
  enum class Way { kTcp, kUnix, kTls };
  Single(Way way, Credentials credentials) : way_(way), credentials_(std::move(credentials)) {}

  redis::RedisSettings Settings() override {
    redis::RedisSettings settings;
    settings.user = credentials_.user;
    settings.password = {credentials_.password};
    settings.db = 3;
    switch (way_) {
      case Way::kTcp: settings.address = {{server_.endpoint().ToString()}}; break;
      case Way::kUnix: settings.address = {{"unix://" + server_.unix_endpoint().unix_path}}; break;
      case Way::kTls:
        settings.address = {{"rediss://" + server_.tls_endpoint().ToString()}};
        settings.tls_ca_file = certificate_.certificate();
        settings.tls_server_name = "redis.test";
        break;
    }
    return settings;
  }
  RedisServer& ServerOf(const std::string&) override { return server_; }

 private:
  const Way way_;
  const Credentials credentials_;
  const net::testing::CertificateFiles certificate_{{.host = "redis.test"}};
  RedisServer server_{{.credentials = credentials_,
                       .unix_socket = true,
                       .tls_certificate = certificate_.certificate(),
                       .tls_key = certificate_.key()}};
};

class Sharded final : public Backend {
 public:
  redis::RedisSettings Settings() override {
    redis::RedisSettings settings;
    for (const RedisServer& server : servers_) settings.address.push_back({server.endpoint().ToString()});
    return settings;
  }
  RedisServer& ServerOf(const std::string& key) override {
    return servers_[ShardOf(key, std::size(servers_))];
  }

 private:
  RedisServer servers_[3];
};

class Watched final : public Backend {
 public:
  redis::RedisSettings Settings() override {
    redis::RedisSettings settings;
    for (const std::string& address : set_.SentinelAddresses())
      settings.sentinel_address.push_back({address});
    settings.sentinel_master_name = SentinelSet::kMasterName;
    settings.sentinel_password = {"guard"};
    settings.user = "app";
    settings.password = {"secret"};
    return settings;
  }
  RedisServer& ServerOf(const std::string&) override { return set_.Primary(); }
  void Replace(RedisServer& server, const std::string&) override {
    server.Kill();
    set_.AwaitPrimaryOtherThan(server);
  }
  void Continue(RedisServer& server, const std::string&) override {
    set_.AwaitPrimaryOtherThan(server);
    server.Continue();
  }

 private:
  SentinelSet set_{{.credentials = {"app", "secret"}, .sentinel_credentials = {.password = "guard"}}};
};

class Clustered final : public Backend {
 public:
  explicit Clustered(bool sharded_pub_sub) : sharded_pub_sub_(sharded_pub_sub) {}

  redis::RedisSettings Settings() override {
    redis::RedisSettings settings;
    settings.cluster_address = {{"redis://:secret@" + set_.Addresses()[1]}};
    settings.sharded_pub_sub = sharded_pub_sub_;
    return settings;
  }
  RedisServer& ServerOf(const std::string& key) override { return set_.PrimaryOf(SlotOf(key)); }
  void Replace(RedisServer& server, const std::string& key) override {
    server.Kill();
    set_.AwaitPrimaryOtherThan(SlotOf(key), server);
  }
  void Continue(RedisServer& server, const std::string& key) override {
    set_.AwaitPrimaryOtherThan(SlotOf(key), server);
    server.Continue();
  }

 private:
  const bool sharded_pub_sub_;
  ClusterSet set_{{.primaries = 3, .replicas_each = 1, .credentials = {.password = "secret"}}};
};

struct Kind {
  const char* name;
  std::function<std::unique_ptr<Backend>()> make;
};

const Kind kKinds[] = {
    {"Tcp", [] { return std::make_unique<Single>(Single::Way::kTcp, Credentials{}); }},
    {"Password", [] { return std::make_unique<Single>(Single::Way::kTcp, Credentials{"", "p:@/%"}); }},
    {"UnixAsUser", [] { return std::make_unique<Single>(Single::Way::kUnix, Credentials{"app", "p"}); }},
    {"Tls", [] { return std::make_unique<Single>(Single::Way::kTls, Credentials{}); }},
    {"Sharded", [] { return std::make_unique<Sharded>(); }},
    {"Sentinel", [] { return std::make_unique<Watched>(); }},
    {"Cluster", [] { return std::make_unique<Clustered>(true); }},
    {"ClusterWithPlainPubSub", [] { return std::make_unique<Clustered>(false); }},
};

const Kind kKindsThatDifferInSilence[] = {kKinds[3], kKinds[4], kKinds[5], kKinds[6]};

// Publishes in the server that has the key, as the broker does. The last argument is the incarnation.
const Script& PublishScript(bool sharded) {
  static const Script kPlain("redis.call('PUBLISH', ARGV[1], ARGV[2]) return {KEYS[1], ARGV[3]}");
  static const Script kSharded("redis.call('SPUBLISH', ARGV[1], ARGV[2]) return {KEYS[1], ARGV[3]}");
  return sharded ? kSharded : kPlain;
}

class TopologyTest : public ::testing::TestWithParam<Kind> {
 protected:
  explicit TopologyTest(Duration io_timeout = tidemill::testing::kPatience) : io_timeout_(io_timeout) {
    client_ = topology_->MakeClient(*loop_, metrics_);
    subscriber_ = topology_->MakeSubscriber(*loop_, recorder_, metrics_);
    EXPECT_TRUE(client_->down_since());
    EXPECT_TRUE(DriveUntil(*loop_, [this] { return Up(); }));
  }
  ~TopologyTest() override {
    subscriber_.reset();
    client_.reset();
    net::testing::RunTurns(*loop_);
  }

  redis::RedisSettings Settings() const {
    redis::RedisSettings settings = backend_->Settings();
    settings.connect_timeout = tidemill::testing::kPatience;
    settings.io_timeout = io_timeout_;
    return settings;
  }

  bool Up() const { return !client_->down_since() && !subscriber_->down_since(); }

  Result<Reply> Send(std::string key, Command command) {
    return RunTask(*loop_, client_->Send(std::move(key), std::move(command)));
  }
  Result<Reply> Publish(const std::string& channel, const std::string& payload) {
    return RunTask(*loop_, client_->Run(PublishScript(topology_->sharded_pub_sub()), {"k.{" + channel + "}"},
                                        {ChannelOf(channel), payload}));
  }
  static std::string ChannelOf(const std::string& channel) { return "client.{" + channel + "}"; }

  const Duration io_timeout_;
  Recorder recorder_;
  metrics::Registry registry_;
  Metrics metrics_{registry_};
  const std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop();
  const std::unique_ptr<Backend> backend_ = GetParam().make();
  const std::unique_ptr<const Topology> topology_ = OpenTopology(Settings()).value();
  std::unique_ptr<Client> client_;
  std::unique_ptr<Subscriber> subscriber_;
};

Task<void> Count(Client& client, std::string key, std::vector<std::int64_t>& counts) {
  const auto reply = co_await client.Send(key, {"INCR", key});
  counts.push_back(reply ? reply->integer : -1);
}

TEST_P(TopologyTest, CarriesOutCommandsInOrder) {
  std::map<std::string, std::vector<std::int64_t>> counts;
  TaskScope scope;
  for (int i = 0; i < 50; ++i) {
    for (const char* key : {"a", "b", "c", "d", "{a}e"}) scope.Spawn(Count(*client_, key, counts[key]));
  }
  ASSERT_TRUE(DriveUntil(*loop_, [&] { return scope.running() == 0; }));
  for (const auto& [key, numbers] : counts) {
    for (std::size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(numbers[i], static_cast<std::int64_t>(i) + 1);
  }
  EXPECT_EQ(Send("", {"PING"}).value().text, "PONG");
  EXPECT_EQ(Send("a", {"NO-SUCH-COMMAND"}).value().error_code(), "ERR");
}

TEST_P(TopologyTest, RunsScriptsThatTheServerHasForgotten) {
  for (int round = 0; round < 2; ++round) {
    const Reply reply = Publish("x", "m").value();
    ASSERT_EQ(reply.elements.size(), 2U) << ToString(reply);
    EXPECT_EQ(reply.elements[0].text, "k.{x}");
    EXPECT_GT(std::stoll(reply.elements[1].text), 0) << "the incarnation";
    EXPECT_FALSE(backend_->ServerOf("k.{x}").Ask({"SCRIPT", "FLUSH"}).is_error());
  }
}

TEST_P(TopologyTest, HearsAllThatWasPublishedBeforeABarrier) {
  constexpr int kChannels = 40;
  constexpr int kEach = 5;
  for (int i = 0; i < kChannels; ++i) {
    const auto subscribed = RunTask(*loop_, subscriber_->Subscribe(ChannelOf(std::to_string(i))));
    ASSERT_TRUE(subscribed) << subscribed.error().detail;
  }
  std::vector<std::string> wanted;
  for (int message = 0; message < kEach; ++message) wanted.push_back(std::to_string(message));
  for (int i = 0; i < kChannels; ++i) {
    for (const std::string& payload : wanted) ASSERT_TRUE(Publish(std::to_string(i), payload));
    ASSERT_TRUE(RunTask(*loop_, subscriber_->Barrier(ChannelOf(std::to_string(i)))));
    EXPECT_EQ(recorder_.messages[ChannelOf(std::to_string(i))], wanted);
  }
  subscriber_->Unsubscribe(ChannelOf("0"));
  ASSERT_TRUE(Publish("0", "late"));
  ASSERT_TRUE(Publish("1", "late"));
  EXPECT_TRUE(DriveUntil(*loop_, [&] { return recorder_.messages[ChannelOf("1")].size() == kEach + 1; }));
  EXPECT_EQ(recorder_.messages[ChannelOf("0")], wanted);
}

TEST_P(TopologyTest, ComesBackAfterAServerIsKilled) {
  std::vector<std::string> channels;
  for (int i = 0; i < 20; ++i) channels.push_back(std::to_string(i));
  for (const std::string& channel : channels) {
    ASSERT_TRUE(RunTask(*loop_, subscriber_->Subscribe(ChannelOf(channel))));
  }
  const std::int64_t before = std::stoll(Publish("7", "first").value().elements[1].text);
  RedisServer& server = backend_->ServerOf("{7}");
  server.Stop();  // so that nothing is answered from here on
  server.Kill();
  const auto refused = Send("{7}", {"SET", "{7}", "x"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kUnavailable);
  EXPECT_TRUE(DriveUntil(*loop_, [&] { return recorder_.lost[ChannelOf("7")] == 1; }));
  EXPECT_TRUE(DriveUntil(*loop_, [&] { return client_->down_since() && subscriber_->down_since(); }));

  backend_->Replace(server, "{7}");
  ASSERT_TRUE(DriveUntil(*loop_, [this] { return Up(); }));
  ASSERT_TRUE(DriveUntil(*loop_, [&] { return recorder_.restored[ChannelOf("7")] == 1; }));
  const auto after = Publish("7", "second");
  ASSERT_TRUE(after) << after.error().detail;
  EXPECT_GT(std::stoll(after->elements[1].text), before) << "another life of the data, the same incarnation";
  for (const std::string& channel : channels) {
    EXPECT_EQ(recorder_.lost[ChannelOf(channel)], recorder_.restored[ChannelOf(channel)]) << channel;
    recorder_.messages.clear();
    ASSERT_TRUE(Publish(channel, "third"));
    ASSERT_TRUE(RunTask(*loop_, subscriber_->Barrier(ChannelOf(channel))));
    EXPECT_EQ(recorder_.messages[ChannelOf(channel)], std::vector<std::string>{"third"}) << channel;
  }
}

class SilentServerTest : public TopologyTest {
 protected:
  SilentServerTest() : TopologyTest(Seconds(1)) {}
};

TEST_P(SilentServerTest, IsNoticedAndReplaced) {
  ASSERT_TRUE(RunTask(*loop_, subscriber_->Subscribe(ChannelOf("7"))));
  RedisServer& server = backend_->ServerOf("{7}");
  server.Stop();
  EXPECT_EQ(Send("{7}", {"GET", "{7}"}).error().code, Errc::kUnavailable);
  EXPECT_TRUE(DriveUntil(*loop_, [&] { return recorder_.lost[ChannelOf("7")] == 1; }));
  backend_->Continue(server, "{7}");
  ASSERT_TRUE(DriveUntil(*loop_, [this] { return Up(); }));
  ASSERT_TRUE(DriveUntil(*loop_, [&] { return recorder_.restored[ChannelOf("7")] == 1; }));
  // The one that stood still may take itself for the primary for a moment.
  EXPECT_TRUE(DriveUntil(*loop_, [&] {
    recorder_.messages.clear();
    return Publish("7", "m") && RunTask(*loop_, subscriber_->Barrier(ChannelOf("7"))) &&
           recorder_.messages[ChannelOf("7")] == std::vector<std::string>{"m"};
  }));
  EXPECT_EQ(Send("{7}", {"SET", "{7}", "x"}).value().text, "OK");
}

const auto kNameOf = [](const auto& kind) { return std::string(kind.param.name); };
INSTANTIATE_TEST_SUITE_P(Redis, TopologyTest, ::testing::ValuesIn(kKinds), kNameOf);
INSTANTIATE_TEST_SUITE_P(Redis, SilentServerTest, ::testing::ValuesIn(kKindsThatDifferInSilence), kNameOf);

TEST(OpenTopology, NamesTheSettingThatIsWrong) {
  redis::RedisSettings settings;
  EXPECT_EQ(OpenTopology(settings).error().detail, "broker.redis.address: not given");
  settings.address = {{"redis://:hunter2@h:0"}};
  EXPECT_EQ(OpenTopology(settings).error().detail,
            "broker.redis.address: the port is not a number from 1 to 65535");
  settings.address = {{"rediss://h"}};
  settings.tls_ca_file = "/nowhere.pem";
  const auto opened = OpenTopology(settings);
  ASSERT_FALSE(opened);
  EXPECT_TRUE(opened.error().detail.starts_with("broker.redis.tls.server_ca_pem: ")) << opened.error().detail;
  EXPECT_TRUE(opened.error().detail.contains("/nowhere.pem"));
}

}  // namespace
}  // namespace tidemill::redis
