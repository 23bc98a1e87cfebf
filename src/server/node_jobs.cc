#include "server/node_jobs.h"

#include <utility>

#include "base/log.h"
#include "jobs/engine/options.h"
#include "jobs/store/sql_store.h"
#include "jobs/webhooks/settings.h"
#include "net/sleep.h"
#include "server/databases.h"
#include "server/version.h"
#include "settings/settings.h"

namespace tidemill::server {
namespace {

constexpr char kFaktory[] = "faktory";
constexpr char kAnyPort[] = "127.0.0.1:0";

jobs::EngineOptions EngineOptionsOf(const std::string& node_id, const settings::Settings& settings,
                                    metrics::Registry& registry) {
  jobs::EngineOptions options = jobs::OptionsOf(settings.jobs);
  options.metrics = &registry;
  options.node = node_id;
  options.address = settings.faktory.listen.empty() ? "" : settings.faktory.listen.front();
  return options;
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

NodeJobs::NodeJobs(net::Loop& loop, const settings::Settings& settings, metrics::Registry& registry)
    : loop_(loop),
      listen_(settings.faktory.listen),
      limiter_(net::ConnectionLimiter::Make({.connections_max = settings.faktory.connections_max})),
      faktory_metrics_(registry) {}

NodeJobs::~NodeJobs() = default;

Result<std::unique_ptr<NodeJobs>> NodeJobs::Open(net::Loop& loop, const Options& options,
                                                 const Databases& databases,
                                                 const settings::Settings& settings,
                                                 metrics::Registry& registry) {
  std::unique_ptr<NodeJobs> node(new NodeJobs(loop, settings, registry));
  node->developer_ = options.developer;
  node->store_ =
      jobs::MakeSqlStore(loop, *databases.main(loop.index()), {.postgres_schema = settings.postgres.schema});
  node->engine_ = std::make_unique<jobs::Engine>(loop, *node->store_,
                                                 EngineOptionsOf(options.node_id, settings, registry));
  node->door_ = std::make_unique<jobs::EngineDoor>(
      *node->engine_, jobs::EngineDoor::Limits{.requests_max = settings.jobs.requests_max,
                                               .fetches_max = settings.jobs.fetches_max});
  TM_TRY_ASSIGN(node->followers_, JobFollowers::Make({.loop = loop,
                                                      .engine = *node->engine_,
                                                      .publisher = *options.publisher,
                                                      .registry = registry,
                                                      .node_id = options.node_id},
                                                     settings));
  node->door_->SetWebhooks(node->followers_->webhooks());
  TM_TRY_ASSIGN(node->faktory_, faktory::Server::Make(*node->engine_, ServerOptionsOf(settings.faktory),
                                                      node->faktory_metrics_));
  node->port_.emplace(kFaktory, *node->faktory_,
                      PortOptions{.server_speaks_first = true, .plain = settings.faktory.plain_tcp});
  return node;
}

Result<void> NodeJobs::OpenPort(const std::shared_ptr<net::TlsContext>& tls) {
  TM_TRY_ASSIGN(std::vector<Listening> wanted, ParseAddresses(listen_));
  auto opened = port_->Open(loop_, wanted, tls, *limiter_);
  if (!opened && developer_ && listen_ == faktory::FaktorySettings().listen) {
    log::Info("jobs.usual_port_taken", {{"address", listen_.front()}});
    TM_TRY_ASSIGN(wanted, ParseAddresses({kAnyPort}));
    opened = port_->Open(loop_, wanted, tls, *limiter_);
  }
  if (!opened) return Fail(opened.error().code, "jobs.faktory.listen: " + opened.error().detail);
  for (const Listening& each : *opened) addresses_.push_back(each.address);
  return {};
}

void NodeJobs::TakeOver(const jobs::JobsSettings& settings, const std::shared_ptr<net::TlsContext>& tls) {
  if (tls) port_->ReplaceTls(tls);
  followers_->ReplaceEndpoints(webhooks::EndpointsOf(settings.queues));
  engine_->ConfigureSchedules(jobs::SchedulesOf(settings));
  engine_->ConfigureLimits(jobs::LimitsOf(settings));
}

void NodeJobs::Start() {
  loop_.Post([this] {
    engine_->Start();
    followers_->Start();
    started_ = true;
  });
}

std::optional<ServiceProblem> NodeJobs::problem() const {
  const std::optional<std::string> why = started_ ? engine_->problem() : "its tables are not there yet";
  if (!why) return std::nullopt;
  return ServiceProblem{.since = since_, .from_start = true, .status = "jobs not served", .why = *why};
}

void NodeJobs::Drain() {
  followers_->Drain();
  port_->Drain();
  faktory_->Drain();
  door_->EndFetches();
}

void NodeJobs::EndTasks() {
  door_->EndTasks();
  scope_.reset();
}

void NodeJobs::End() { scope_->Spawn(EndInOrder()); }

Task<void> NodeJobs::EndInOrder() {
  followers_->Stop();
  if (started_) co_await engine_->Stop();
  faktory_->CloseAll();
  while (faktory_->connections() > 0) co_await net::Sleep(loop_, Milliseconds(20));
  ended_ = true;
}

}  // namespace tidemill::server
