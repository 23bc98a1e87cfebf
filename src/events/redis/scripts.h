// The Lua scripts that change what nodes share about events. Each of a lane does what it does in one step.
#pragma once

#include "redis/client.h"

namespace tidemill::events {

// KEYS: nodes, held (of the node), log. ARGV: how many entries the log may have; kind, channel or JSON, and
// time in ms of each item: o is occupied here, v vacated here, e an event of a client. Gives 1, or 0 and does
// nothing: there is no room.
const redis::Script& RecordScript();
// KEYS: nodes, held (of a node that is gone), log. ARGV: how many. Vacates channels that the node had. Gives
// how many it still has.
const redis::Script& ReleaseScript();
// KEYS: alive. ARGV: node, ms of silence after which a node is gone. Gives 1 if this node was not known, 0 if
// it was; then the nodes that are gone.
const redis::Script& BeatScript();
// KEYS: teller. ARGV: node, ms. Gives 1 if the node is the one that tells, for so long.
const redis::Script& ClaimScript();

}  // namespace tidemill::events
