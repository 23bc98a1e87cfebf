#include "server/node_status.h"

#include <string>

#include "realtime/status/redis/redis_store.h"
#include "server/brokers.h"
#include "server/shared.h"
#include "settings/settings.h"

namespace tidemill::server {

NodeStatus::NodeStatus(const std::vector<session::Context*>& contexts, Brokers& brokers,
                       const settings::Settings& settings, Shared& shared)
    : contexts_(contexts), metrics_(shared.registry) {
  const status::StoreLimits limits{.expire_interval = settings.user_status.expire_interval,
                                   .users_max = settings.user_status.users_max};
  const bool in_memory = settings.user_status.storage == "memory" || brokers.redis_client(0) == nullptr;
  if (in_memory) table_ = std::make_unique<status::MemoryTable>(limits, shared.registry);
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    session::Context& context = *contexts[i];
    stores_.push_back(
        in_memory ? table_->MakeStore(context.loop.clock())
                  : status::MakeRedisStore(*brokers.redis_client(i),
                                           {.prefix = settings.broker.redis.prefix, .limits = limits}));
    noters_.push_back(std::make_unique<session::StatusNoter>(
        context, *stores_.back(),
        session::StatusNoterOptions{.online_interval = settings.client.presence_update_interval}, metrics_));
    context.lifecycle.Add(*noters_.back());
    context.rpc_methods.emplace(std::string(session::kUpdateUserStatus), noters_.back().get());
  }
}

void NodeStatus::Start() {
  for (std::size_t i = 0; i < contexts_.size(); ++i) {
    contexts_[i]->loop.Post([noter = noters_[i].get()] { noter->Start(); });
  }
}

}  // namespace tidemill::server
