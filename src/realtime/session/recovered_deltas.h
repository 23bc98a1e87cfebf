// What a client missed, as deltas: the first publication, or the first of each key, is sent whole, the next
// ones as how they come from the one before.
#pragma once

#include <cstddef>

#include "realtime/delta/fossil.h"
#include "realtime/protocol/codec.h"
#include "realtime/protocol/messages.h"

namespace tidemill::session {

// Of one answer: it is made within one turn of the loop. What comes after is sent whole.
inline constexpr std::size_t kRecoveredDeltaBytesMax = 256 * 1024;

// Makes SubscribeResult::deltas of its publications, where they are smaller. In JSON only of data that are
// JSON: others are sent as something else.
void MakeDeltas(protocol::SubscribeResult& result, protocol::Encoding encoding, delta::FossilEncoder& fossil);

}  // namespace tidemill::session
