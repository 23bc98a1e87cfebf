// The Lua scripts that change and read a channel's state in Redis, each in one step. scripts.cc and
// docs/formats/redis-record.md say what each takes and gives. All keys of a call belong to one channel, and
// so to one slot of a cluster.
#pragma once

#include "redis/client.h"

namespace tidemill::broker::redis_broker {

const redis::Script& PublishScript();  // append, publish, remember
// PublishScript without its rule for incarnations: a planted bug for tests.
const redis::Script& OffsetReusingPublishScript();
const redis::Script& PublishUnstoredScript();  // publish once per idempotency key
const redis::Script& ReadScript();             // top and publications
const redis::Script& BeginAnewScript();        // a new epoch for a stream that fell back
const redis::Script& AddPresenceScript();
const redis::Script& RemovePresenceScript();
const redis::Script& ReadPresenceScript();
const redis::Script& CountPresenceScript();
const redis::Script& RefreshPresenceScript();

}  // namespace tidemill::broker::redis_broker
