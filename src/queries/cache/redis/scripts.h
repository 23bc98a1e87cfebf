// The Lua scripts of the cache in Redis, each one step. scripts.cc and docs/formats/redis-cache.md say what
// each takes and gives.
#pragma once

#include "redis/client.h"

namespace tidemill::queries::redis_tier {

const redis::Script& ReadGenerationsScript();
const redis::Script& ChangeGenerationsScript();  // and tell the other nodes
const redis::Script& AskScript();                // an answer, or the lock
const redis::Script& KeepScript();
const redis::Script& UnlockScript();

}  // namespace tidemill::queries::redis_tier
