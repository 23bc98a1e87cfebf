#include "server/node_events.h"

#include <utility>

#include "events/endpoint.h"
#include "events/job_target.h"
#include "server/brokers.h"
#include "server/shared.h"
#include "settings/settings.h"

namespace tidemill::server {
namespace {

// The same on all nodes that share a Redis.
constexpr std::size_t kLanes = 8;

events::QueueLimits LimitsOf(const events::EventsSettings& settings) {
  return {.lanes = kLanes,
          .vacated_delay = settings.vacated_event_delay,
          .channels_max = settings.channels_max,
          .waiting_max = settings.waiting_max,
          .batch_max = settings.batch_max_size};
}

}  // namespace

Result<std::unique_ptr<NodeEvents>> NodeEvents::Open(const Options& options, Brokers& brokers,
                                                     const settings::Settings& settings, Shared& shared) {
  std::unique_ptr<NodeEvents> node(new NodeEvents(options, settings, shared));
  TM_TRY(node->OpenTargets(options, brokers, settings));
  return node;
}

NodeEvents::NodeEvents(const Options& options, const settings::Settings& settings, Shared& shared)
    : contexts_(options.contexts),
      first_(contexts_.front()->loop),
      metrics_(shared.registry),
      queue_(std::make_unique<events::EventQueue>(options.node_id, LimitsOf(settings.events), metrics_,
                                                  [this](std::size_t lane) { sender_->Wake(lane); })) {}

Result<void> NodeEvents::OpenTargets(const Options& options, Brokers& brokers,
                                     const settings::Settings& settings) {
  if (options.engine) {
    service_ = events::MakeJobTarget(*options.engine, settings.events.queue, metrics_);
  } else {
    TM_TRY_ASSIGN(service_, events::OpenEndpoint(first_, settings.events, kLanes, metrics_));
  }
  events::Target* target = service_.get();
  if (redis::Client* const client = brokers.redis_client(first_.index())) {
    shared_log_ = std::make_unique<events::SharedLog>(
        first_, *client, *service_,
        events::SharedLogOptions{.prefix = settings.broker.redis.prefix,
                                 .node = options.node_id,
                                 .lanes = kLanes,
                                 .entries_max = settings.events.waiting_max,
                                 .batch_max = settings.events.batch_max_size},
        metrics_, [this] { Forget(); });
    target = shared_log_.get();
  }
  sender_ = std::make_unique<events::Sender>(first_, *queue_, *target, metrics_);
  outlet_.emplace(events::Outlet{
      .loop = first_, .queue = *queue_, .sender = *sender_, .connections = settings.events.connections});
  for (session::Context* const context : contexts_) {
    reporters_.push_back(std::make_unique<events::Reporter>(*context, *outlet_));
    context->lifecycle.Add(*reporters_.back());
  }
  return {};
}

void NodeEvents::Start() {
  if (shared_log_) first_.Post([log = shared_log_.get()] { log->Start(); });
}

void NodeEvents::Forget() {
  queue_->Forget();
  sender_->Reschedule();
}

void NodeEvents::Drain() {
  queue_->StopDelaying();
  sender_->Reschedule();
}

void NodeEvents::End() {
  if (shared_log_) shared_log_->Stop();
}

void NodeEvents::EndTasks() {
  sender_.reset();
  shared_log_.reset();
  service_.reset();
}

void NodeEvents::OnOccupied(const broker::ChannelName& channel) {
  reporters_[net::Loop::Current()->index()]->OnOccupied(channel);
}

void NodeEvents::OnVacated(const broker::ChannelName& channel) {
  reporters_[net::Loop::Current()->index()]->OnVacated(channel);
}

}  // namespace tidemill::server
