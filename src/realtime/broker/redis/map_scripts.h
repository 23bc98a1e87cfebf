// The Lua scripts of map channels, each in one step; as scripts.h. What they keep of a key beside the stream:
// docs/formats/redis-record.md.
#pragma once

#include "redis/client.h"

namespace tidemill::broker::redis_broker {

const redis::Script& MapPublishScript();
const redis::Script& MapRemoveScript();
// MapRemoveScript that removes the key for those who follow and not from the state: a planted bug for tests.
const redis::Script& KeepingMapRemoveScript();
const redis::Script& MapExpireScript();  // removes keys whose time is over
// MapExpireScript that removes them from the state and tells nobody: a planted bug for tests.
const redis::Script& SilentMapExpireScript();
const redis::Script& MapPageScript();
const redis::Script& MapStatsScript();
const redis::Script& MapClearScript();

}  // namespace tidemill::broker::redis_broker
