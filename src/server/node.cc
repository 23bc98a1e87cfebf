#include "server/node.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "metrics/process.h"
#include "net/tls.h"
#include "server/version.h"

namespace tidemill::server {
namespace {

// Draining sessions leave at this rate at most, so that the nodes they go to can take them.
constexpr std::size_t kDrainedPerSecond = 1000;
constexpr Duration kDrainStep = Milliseconds(50);
// For the peers' half of the closing handshake, once all sessions were told, and for requests that change
// state.
constexpr Duration kCloseGrace = Seconds(2);

std::size_t LoopCount(const settings::Settings& settings) {
  if (settings.loops > 0) return settings.loops;
  return std::max(1u, std::thread::hardware_concurrency());
}

std::string HostName() {
  char name[256] = {};
  gethostname(name, sizeof(name) - 1);
  return name;
}

net::ConnectionLimits ConnectionLimitsOf(const http::ServerSettings& http) {
  return {.connections_max = http.connection_limit,
          .connections_per_address_max = http.connection_limit_per_address};
}

Result<std::vector<Listening>> ParseAddresses(const std::vector<std::string>& texts) {
  std::vector<Listening> addresses;
  for (const std::string& text : texts) {
    TM_TRY_ASSIGN(net::ListenAddress address, net::ListenAddress::Parse(text));
    addresses.push_back({.address = std::move(address)});
  }
  return addresses;
}

void Pause(Duration duration) { usleep(static_cast<useconds_t>(duration.ms * 1000)); }

}  // namespace

Node::Node(settings::Settings settings)
    : settings_(std::move(settings)),
      node_id_(Uuid::Random().ToString()),
      hub_metrics_(registry_),
      session_metrics_(registry_),
      http_metrics_(registry_),
      api_metrics_(registry_),
      limiter_(net::ConnectionLimiter::Make(ConnectionLimitsOf(settings_.http_server))) {}

Result<std::unique_ptr<Node>> Node::Start(settings::Settings settings, const AddRoutes& add_routes) {
  std::unique_ptr<Node> node(new Node(std::move(settings)));
  TM_TRY(node->Build(add_routes));
  TM_TRY(node->OpenPorts());
  if (cluster::Cluster* const cluster = node->nodes_[0]->cluster()) {
    node->loops_[0]->Post([bus = node->brokers_->bus(), cluster] {
      bus->Start();
      cluster->Start();
    });
  }
  for (const auto& loop : node->loops_) {
    node->threads_.emplace_back([&loop] { loop->Run(); });
  }
  return node;
}

Result<void> Node::Build(const AddRoutes& add_routes) {
  std::vector<net::Loop*> loops;
  for (std::size_t i = 0; i < LoopCount(settings_); ++i) {
    TM_TRY_ASSIGN(auto loop, net::Loop::Open({.index = i}));
    loops.push_back(loop.get());
    loops_.push_back(std::move(loop));
  }
  TM_TRY_ASSIGN(brokers_, Brokers::Open(loops, settings_, node_id_, registry_));
  health_.broker_down_since = [this] { return brokers_->down_since(); };
  health_.broker_grace = settings_.broker.redis.ready_grace;
  TM_TRY_ASSIGN(auto live, MakeLive(settings_));
  SharedParts shared{.registry = registry_,
                     .hub_metrics = hub_metrics_,
                     .session_metrics = session_metrics_,
                     .http_metrics = http_metrics_,
                     .api_metrics = api_metrics_,
                     .limiter = *limiter_,
                     .health = health_,
                     .bus = brokers_->bus(),
                     .cluster_metrics = brokers_->cluster_metrics()};
  for (std::size_t i = 0; i < loops.size(); ++i) {
    nodes_.push_back(std::make_unique<LoopNode>(*loops[i], brokers_->TakeShard(i), shared, std::move(live[i]),
                                                settings_, contexts_));
    contexts_.push_back(&nodes_.back()->context());
    if (i == 0) shared.cluster = nodes_[0]->cluster();
    add_routes(nodes_.back()->public_routes());
  }
  metrics::AddProcessMetrics(registry_);
  AddNodeMetrics();
  return {};
}

void Node::AddNodeMetrics() {
  registry_.AddCallback("tidemill_build_info", "Always 1; the version is the label.", {{"version", kVersion}},
                        [] { return 1.0; });
  registry_.AddCallback("tidemill_open_connections", "Accepted connections of any kind.", {},
                        [this] { return static_cast<double>(limiter_->connections()); });
}

Result<std::vector<LiveSettings>> Node::MakeLive(const settings::Settings& settings) {
  auto session = std::make_shared<session::SessionSettings>();
  session->client = settings.client;
  session->websocket = settings.websocket;
  session->node_id = node_id_;
  session->node_name = settings.node_name.empty() ? HostName() : settings.node_name;
  session->version = kVersion;
  TM_TRY_ASSIGN(session->rules, channels::Rules::Make(settings.channel));
  std::shared_ptr<net::TlsContext> tls;
  if (!settings.http_server.tls_cert_file.empty()) {
    TM_TRY_ASSIGN(tls,
                  net::OpenServerTls(settings.http_server.tls_cert_file, settings.http_server.tls_key_file));
  }
  std::vector<LiveSettings> live;
  for (const auto& loop : loops_) {
    TM_TRY_ASSIGN(auto tokens, session::MakeTokens(*loop, settings.client));
    live.push_back({.session = session, .api = settings.http_api, .tokens = std::move(tokens), .tls = tls});
  }
  return live;
}

Result<void> Node::OpenPorts() {
  TM_TRY_ASSIGN(auto public_addresses, ParseAddresses(settings_.http_server.listen));
  TM_TRY_ASSIGN(auto internal_addresses, ParseAddresses(settings_.http_server.internal_listen));
  for (const auto& node : nodes_) {
    TM_TRY_ASSIGN(auto bound, node->Listen(public_addresses, internal_addresses));
    // The first loop's real ports and Unix sockets are the others' too.
    const auto middle = bound.begin() + static_cast<std::ptrdiff_t>(public_addresses.size());
    public_addresses.assign(bound.begin(), middle);
    internal_addresses.assign(middle, bound.end());
  }
  for (const auto* list : {&public_addresses, &internal_addresses}) {
    for (const Listening& listening : *list) addresses_.push_back(listening.address);
  }
  return {};
}

template <class F>
void Node::OnEveryLoop(F function) {
  std::vector<std::promise<void>> done(nodes_.size());
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    nodes_[i]->loop().Post([&node = *nodes_[i], &promise = done[i], &function, i] {
      function(node, i);
      promise.set_value();
    });
  }
  for (auto& promise : done) promise.get_future().wait();
}

Result<std::vector<std::string>> Node::Reload(settings::Settings settings) {
  TM_TRY_ASSIGN(auto live, MakeLive(settings));
  log::Configure(settings::LogOptions(settings.log));
  limiter_->ReplaceLimits(ConnectionLimitsOf(settings.http_server));
  brokers_->Replace(settings.broker);
  OnEveryLoop([&](LoopNode& node, std::size_t i) { node.Replace(std::move(live[i])); });
  settings_.shutdown_timeout = settings.shutdown_timeout;
  return settings::NeedRestart(settings_, settings);
}

std::size_t Node::CountSessions() {
  std::atomic<std::size_t> sessions{0};
  OnEveryLoop([&](LoopNode& node, std::size_t) { sessions += node.sessions(); });
  return sessions;
}

std::size_t Node::CountChanges() {
  std::atomic<std::size_t> changes{0};
  OnEveryLoop([&](LoopNode& node, std::size_t) { changes += node.changes(); });
  return changes;
}

void Node::Drain(const std::function<bool()>& hurry) {
  health_.draining = true;
  OnEveryLoop([](LoopNode& node, std::size_t) { node.StopAccepting(); });
  const MonotonicTime begun = SystemClock().Now();
  const std::size_t sessions = CountSessions();
  log::Info("server.draining", {{"sessions", sessions}, {"timeout_s", settings_.shutdown_timeout.ms / 1000}});
  // Evenly over four fifths of the time at most; the rest is for the last ones to say goodbye.
  const std::int64_t steps_max =
      std::max<std::int64_t>(settings_.shutdown_timeout.ms * 4 / 5 / kDrainStep.ms, 1);
  const auto per_step_wanted = kDrainedPerSecond * static_cast<std::size_t>(kDrainStep.ms) / 1000;
  const std::size_t per_step = std::max(per_step_wanted, sessions / static_cast<std::size_t>(steps_max) + 1);
  while (CountSessions() > 0 && !hurry() && SystemClock().Now() - begun < settings_.shutdown_timeout) {
    const std::size_t per_loop = per_step / nodes_.size() + 1;
    OnEveryLoop([&](LoopNode& node, std::size_t) { node.EndSessions(per_loop); });
    Pause(kDrainStep);
  }
  const MonotonicTime told = SystemClock().Now();
  while ((limiter_->connections() > 0 || CountChanges() > 0) && !hurry() &&
         SystemClock().Now() - told < kCloseGrace) {
    Pause(kDrainStep);
  }
  LeaveCluster();
  log::Info("server.drained", {{"seconds", (SystemClock().Now() - begun).ms / 1000}});
}

// Says it once the sessions have ended: from then on nobody waits for this node.
void Node::LeaveCluster() {
  struct Leaving {
    static Task<void> Run(cluster::Cluster& cluster, std::promise<void>& done) {
      (void)co_await cluster.Leave();
      done.set_value();
    }
  };
  cluster::Cluster* const cluster = nodes_[0]->cluster();
  if (!cluster) return;
  std::promise<void> done;
  loops_[0]->Post([cluster, &done] { cluster->scope().Spawn(Leaving::Run(*cluster, done)); });
  done.get_future().wait();
}

Node::~Node() {
  for (const auto& loop : loops_) loop->Stop();
  for (std::thread& thread : threads_) thread.join();
}

}  // namespace tidemill::server
