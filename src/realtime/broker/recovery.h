// Recovery: whether a subscriber that was away can be sent exactly what it missed (client protocol,
// "recover"). The one rule that every implementation applies.
#pragma once

#include <vector>

#include "realtime/broker/broker.h"

namespace tidemill::broker {

// How many publications after `options.recover` must be read: oldest first in stream mode, only the newest in
// cache mode. It is one more than the limit, which shows that too many are missing.
std::uint64_t RecoveryReadCount(const SubscribeOptions& options);

// Whether the asked epoch is the stream's; an empty one matches any.
bool SameEpoch(const StreamPosition& asked, const StreamPosition& top);

// What was read of a stream after a position: contiguous within itself, oldest first.
struct StreamRead {
  StreamPosition top;
  std::vector<PublicationPtr> publications;
  // The offset right before the first publication: one less than its own, unless Redis has restarted
  // (docs/decisions/0006-offsets-skip-what-redis-may-have-lost.md).
  std::uint64_t follows = 0;
};

// `read`: what RecoveryReadCount asked for. Fills `recovered` and `publications`.
// Stream mode: recovered when nothing is missing, or when `read` begins right after the asked offset, ends at
// the top and is within the limit. Cache mode: recovered when the newest publication is there (and given, if
// the subscriber is not at it already), or when the subscriber is at the top.
SubscribeOutcome DecideRecovery(const SubscribeOptions& options, StreamRead read);

}  // namespace tidemill::broker
