#include "server/node_jobs.h"

#include <utility>

#include "base/log.h"
#include "jobs/engine/options.h"
#include "jobs/job_api/methods.h"
#include "jobs/nodes/refusals.h"
#include "jobs/store/sql_store.h"
#include "jobs/webhooks/settings.h"
#include "net/sleep.h"
#include "server/databases.h"
#include "server/shared.h"
#include "server/version.h"
#include "settings/settings.h"

namespace tidemill::server {
namespace {

constexpr char kFaktory[] = "faktory";
constexpr char kNodes[] = "nodes";
constexpr char kAnyPort[] = "127.0.0.1:0";
// Of other nodes, beside the connections that they relay.
constexpr std::size_t kNodesConnectionsExtra = 20'000;

jobs::EngineOptions EngineOptionsOf(const std::string& node_id, const settings::Settings& settings,
                                    metrics::Registry& registry) {
  jobs::EngineOptions options = jobs::OptionsOf(settings.jobs);
  options.metrics = &registry;
  options.node = node_id;
  return options;
}

// Store::RingForInbox.
Doorbell::Bell BellOf(jobs::Engine& engine) {
  return {.channel = "tidemill_jobs",
          .ring = [&engine] { engine.LookIntoInbox(); },
          .hears = [&engine](bool hears) { engine.HearInbox(hears); },
          .unheard_event = "jobs.inbox_polled",
          .unheard_effect = "jobs enqueued by SQL begin up to 0.25 s later"};
}

faktory::ServerOptions ServerOptionsOf(const faktory::FaktorySettings& settings) {
  return {.password = settings.password,
          .description = settings.description,
          .version = kVersion,
          .line_bytes_max = settings.line_bytes_max,
          .job_bytes_max = settings.job_bytes_max,
          .buffers_bytes_max = settings.buffers_bytes_max,
          .answer_timeout = settings.answer_timeout};
}

}  // namespace

NodeJobs::NodeJobs(net::Loop& loop, const settings::Settings& settings, Shared& shared)
    : loop_(loop),
      listen_(settings.faktory.listen),
      nodes_(settings.job_nodes),
      limiter_(net::ConnectionLimiter::Make({.connections_max = settings.faktory.connections_max})),
      faktory_metrics_(shared.registry),
      nodes_metrics_(shared.registry) {}

NodeJobs::~NodeJobs() = default;

Result<std::unique_ptr<NodeJobs>> NodeJobs::Open(const std::vector<net::Loop*>& loops, const Options& options,
                                                 const Databases& databases,
                                                 const settings::Settings& settings, Shared& shared) {
  net::Loop& loop = *loops.front();
  std::unique_ptr<NodeJobs> node(new NodeJobs(loop, settings, shared));
  node->developer_ = options.developer;
  node->store_ =
      jobs::MakeSqlStore(loop, *databases.main(loop.index()), {.postgres_schema = settings.postgres.schema});
  node->engine_ = std::make_unique<jobs::Engine>(loop, *node->store_,
                                                 EngineOptionsOf(options.node_id, settings, shared.registry));
  node->door_ = std::make_unique<jobs::EngineDoor>(
      *node->engine_, jobs::EngineDoor::Limits{.requests_max = settings.jobs.requests_max,
                                               .fetches_max = settings.jobs.fetches_max});
  TM_TRY_ASSIGN(node->followers_, JobFollowers::Make({.loop = loop,
                                                      .engine = *node->engine_,
                                                      .publisher = *options.publisher,
                                                      .registry = shared.registry,
                                                      .node_id = options.node_id},
                                                     settings));
  node->door_->SetWebhooks(node->followers_->webhooks());
  TM_TRY_ASSIGN(node->faktory_, faktory::Server::Make(*node->engine_, ServerOptionsOf(settings.faktory),
                                                      node->faktory_metrics_));
  node->doorbell_ = Doorbell::Make(loop, BellOf(*node->engine_), databases, settings);
  node->OpenWaysToOwner(loops, settings, shared);
  node->port_.emplace(kFaktory, *node->gate_,
                      PortOptions{.server_speaks_first = true, .plain = settings.faktory.plain_tcp});
  return node;
}

// To the node that owns the jobs from this one, and from others to this one.
void NodeJobs::OpenWaysToOwner(const std::vector<net::Loop*>& loops, const settings::Settings& settings,
                               Shared& shared) {
  ownership_ = std::make_unique<nodes::Ownership>(*engine_);
  ownership_->Watch([this] {
    if (ownership_->IsElsewhere()) door_->AnswerFetches();
  });
  services_.emplace(jobs::ApiServices{*door_});
  const std::size_t answer_bytes_max = settings.http_api.answer_max_size;
  for (net::Loop* const loop : loops) {
    forwarders_.push_back(std::make_unique<nodes::Forwarder>(
        *loop, *ownership_,
        nodes::Forwarder::Options{.key = nodes_.key, .answer_bytes_max = answer_bytes_max}, nodes_metrics_));
  }
  gate_ = std::make_unique<nodes::Gate>(
      loop_, *faktory_, *ownership_,
      nodes::Gate::Options{.key = nodes_.key, .buffers_bytes_max = settings.faktory.buffers_bytes_max},
      nodes_metrics_);
  if (nodes_.listen.empty()) return;
  nodes::OwnerPort::Options port{.key = nodes_.key, .answer_bytes_max = answer_bytes_max};
  port.http.limits.body_bytes_max = settings.http_server.max_request_body_bytes;
  port.http.metrics = &shared.http_metrics;
  port.http.buffers = &shared.http_buffers;
  owner_port_ =
      std::make_unique<nodes::OwnerPort>(nodes::OwnerPort::Surroundings{.engine = *engine_,
                                                                        .services = *services_,
                                                                        .faktory = *faktory_,
                                                                        .api_metrics = shared.api_metrics},
                                         std::move(port));
  nodes_limiter_ = net::ConnectionLimiter::Make(
      {.connections_max = settings.faktory.connections_max + kNodesConnectionsExtra});
  // Jobs are pushed and acknowledged through other nodes until the engine ends.
  nodes_port_.emplace(kNodes, owner_port_->acceptor(),
                      PortOptions{.open_while_draining = true, .plain = true});
}

std::vector<api::Method> NodeJobs::MethodsFor(std::size_t loop) {
  return forwarders_[loop]->Wrap(jobs::JobMethods(*services_));
}

Result<void> NodeJobs::OpenPorts(const std::shared_ptr<net::TlsContext>& tls) {
  TM_TRY_ASSIGN(std::vector<Listening> wanted, ParseAddresses(listen_));
  auto opened = port_->Open(loop_, wanted, tls, *limiter_);
  if (!opened && developer_ && listen_ == faktory::FaktorySettings().listen) {
    log::Info("jobs.usual_port_taken", {{"address", listen_.front()}});
    TM_TRY_ASSIGN(wanted, ParseAddresses({kAnyPort}));
    opened = port_->Open(loop_, wanted, tls, *limiter_);
  }
  if (!opened) return Fail(opened.error().code, "jobs.faktory.listen: " + opened.error().detail);
  for (const Listening& each : *opened) addresses_.push_back(each.address);
  return OpenNodesPort();
}

Result<void> NodeJobs::OpenNodesPort() {
  if (!nodes_port_) return {};
  TM_TRY_ASSIGN(const std::vector<Listening> wanted, ParseAddresses(nodes_.listen));
  auto opened = nodes_port_->Open(loop_, wanted, nullptr, *nodes_limiter_);
  if (!opened) return Fail(opened.error().code, "jobs.nodes.listen: " + opened.error().detail);
  const std::string address = nodes_.address.empty() ? opened->front().address.ToString() : nodes_.address;
  engine_->Advertise(address);
  log::Info("jobs.nodes_listening", {{"address", address}});
  return {};
}

NodeJobs::Change NodeJobs::ChangeOf(const jobs::JobsSettings& settings) {
  return {.endpoints = webhooks::EndpointsOf(settings.queues),
          .schedules = jobs::SchedulesOf(settings),
          .limits = jobs::LimitsOf(settings)};
}

void NodeJobs::TakeOver(Change change, const std::shared_ptr<net::TlsContext>& tls) {
  if (tls) port_->ReplaceTls(tls);
  followers_->ReplaceEndpoints(std::move(change.endpoints));
  engine_->ConfigureSchedules(std::move(change.schedules));
  engine_->ConfigureLimits(std::move(change.limits));
}

void NodeJobs::Start() {
  loop_.Post([this] {
    engine_->Start();
    followers_->Start();
    if (doorbell_) doorbell_->Start();
    started_ = true;
  });
}

std::optional<ServiceProblem> NodeJobs::problem() const {
  std::optional<std::string> why = started_ ? engine_->problem() : "its tables are not there yet";
  if (const auto owner = ownership_->Elsewhere()) why = nodes::WhyNotReachable(*owner, nodes_.key);
  if (!why) return std::nullopt;
  return ServiceProblem{.since = since_, .from_start = true, .status = "jobs not served", .why = *why};
}

void NodeJobs::Drain() {
  followers_->Drain();
  port_->Drain();
  faktory_->Drain();
  door_->EndFetches();
  for (const auto& forwarder : forwarders_) forwarder->Drain();
}

void NodeJobs::EndTasks() {
  door_->EndTasks();
  if (doorbell_) doorbell_->EndTasks();
  scope_.reset();
}

void NodeJobs::End() { scope_->Spawn(EndInOrder()); }

Task<void> NodeJobs::EndInOrder() {
  followers_->Stop();
  if (started_) co_await engine_->Stop();
  if (owner_port_) owner_port_->Drain();
  gate_->CloseAll();
  faktory_->CloseAll();
  while (faktory_->connections() + gate_->relays() > 0) co_await net::Sleep(loop_, Milliseconds(20));
  ended_ = true;
}

}  // namespace tidemill::server
