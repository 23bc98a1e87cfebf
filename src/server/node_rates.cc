#include "server/node_rates.h"

#include "server/brokers.h"
#include "server/shared.h"
#include "settings/settings.h"

namespace tidemill::server {

NodeRates::NodeRates(const std::vector<session::Context*>& contexts, Brokers& brokers,
                     const settings::Settings& settings, Shared& shared)
    : metrics_(shared.registry) {
  if (settings.client.user_rate_storage != "redis") return;
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    session::Context& context = *contexts[i];
    rates_.push_back(session::MakeRedisRates(context.loop, *brokers.redis_client(i),
                                             settings.broker.redis.prefix, metrics_));
    context.shared_rates = rates_.back().get();
  }
}

}  // namespace tidemill::server
