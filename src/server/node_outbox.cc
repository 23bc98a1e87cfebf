#include "server/node_outbox.h"

#include <utility>

#include "net/sleep.h"
#include "outbox/settings.h"
#include "outbox/sql_store.h"
#include "server/databases.h"
#include "server/shared.h"
#include "settings/settings.h"

namespace tidemill::server {
namespace {

outbox::RelayOptions RelayOptionsOf(const std::string& node_id, const settings::Settings& settings) {
  outbox::RelayOptions options = outbox::OptionsOf(settings.outbox);
  options.node = node_id;
  return options;
}

std::vector<std::unique_ptr<outbox::Store>> StoresOf(const std::vector<net::Loop*>& loops,
                                                     const Databases& databases,
                                                     const settings::Settings& settings) {
  std::vector<std::unique_ptr<outbox::Store>> stores;
  for (net::Loop* const loop : loops) {
    stores.push_back(
        outbox::MakeSqlStore(*databases.main(loop->index()), {.postgres_schema = settings.postgres.schema}));
  }
  return stores;
}

// outbox::Store::Ring.
Doorbell::Bell BellOf(outbox::Relay& relay) {
  return {.channel = "tidemill_outbox",
          .ring = [&relay] { relay.LookNow(); },
          .hears = [&relay](bool hears) { relay.Hear(hears); },
          .unheard_event = "outbox.polled",
          .unheard_effect = "what SQL publishes leaves up to outbox.poll_interval later"};
}

}  // namespace

NodeOutbox::NodeOutbox(const std::vector<net::Loop*>& loops, const Options& options,
                       const Databases& databases, const settings::Settings& settings, Shared& shared)
    : loop_(*loops.front()),
      metrics_(shared.registry),
      stores_(StoresOf(loops, databases, settings)),
      channels_(options.publisher),
      relay_(std::make_unique<outbox::Relay>(loop_, *stores_.front(), std::vector<outbox::Sink*>{&channels_},
                                             RelayOptionsOf(options.node_id, settings), metrics_)),
      doorbell_(Doorbell::Make(loop_, BellOf(*relay_), databases, settings)) {
  for (net::Loop* const loop : loops) {
    services_.push_back(std::make_unique<outbox::ApiServices>(outbox::ApiServices{
        .loop = *loop, .store = *stores_[loop->index()], .relay_loop = loop_, .relay = *relay_}));
  }
}

std::vector<api::Method> NodeOutbox::MethodsFor(std::size_t loop) {
  return outbox::OutboxMethods(*services_[loop]);
}

NodeOutbox::~NodeOutbox() = default;

void NodeOutbox::Start() {
  loop_.Post([this] {
    relay_->Start();
    if (doorbell_) doorbell_->Start();
    started_ = true;
  });
}

void NodeOutbox::LookNow() {
  loop_.Post([this] { relay_->LookNow(); });
}

std::optional<ServiceProblem> NodeOutbox::problem() const {
  const std::optional<outbox::Relay::Problem> found = relay_->problem();
  if (!found) return std::nullopt;
  return ServiceProblem{
      .since = found->since, .from_start = !started_, .status = "outbox not relayed", .why = found->why};
}

void NodeOutbox::End() {
  if (started_) scope_->Spawn(WatchEnd());
}

Task<void> NodeOutbox::WatchEnd() {
  relay_->Stop();
  while (!relay_->ended()) co_await net::Sleep(loop_, Milliseconds(20));
  ended_ = true;
}

void NodeOutbox::EndTasks() {
  scope_.reset();
  if (doorbell_) doorbell_->EndTasks();
  relay_.reset();
}

}  // namespace tidemill::server
