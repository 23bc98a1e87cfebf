#include "server/node_access.h"

#include <utility>

#include "realtime/access/redis/redis_store.h"
#include "server/brokers.h"
#include "server/directories.h"
#include "server/shared.h"
#include "settings/settings.h"

namespace tidemill::server {

NodeAccess::NodeAccess(const std::vector<session::Context*>& contexts, Brokers& brokers,
                       Directories& directories, const settings::Settings& settings, Shared& shared)
    : first_(contexts.front()->loop) {
  if (settings.access.storage == "memory" || brokers.redis_client(0) == nullptr) return;
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    stores_.push_back(access::MakeRedisStore(
        *brokers.redis_client(i),
        {.prefix = settings.broker.redis.prefix, .entries_max = settings.access.entries_max}));
  }
  control::Directory& here = directories.OfNode(0);
  keeper_ = std::make_unique<access::Keeper>(
      first_, *stores_.front(), shared.access,
      [&here](access::Entry entry) { return here.Apply({}, control::ChangeAccess{std::move(entry)}); },
      shared.registry);
}

void NodeAccess::Start() {
  if (keeper_) first_.Post([keeper = keeper_.get()] { keeper->Start(); });
}

}  // namespace tidemill::server
