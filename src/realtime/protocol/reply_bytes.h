// How large a reply will be, known before it is encoded: to refuse one that is too large, and to encode the
// rest into room that is there.
#pragma once

#include <cstddef>
#include <span>

#include "realtime/protocol/messages.h"

namespace tidemill::protocol {

// Of an answer with a presence: when there are more entries, what touches all of them has a turn of its own.
inline constexpr std::size_t kPresenceEntriesAtOnce = 500;

// How publications' data stand in a reply.
enum class DataAs : bool { kPayload, kText };

// About the bytes that these take in a reply, in either encoding; exact but for the escapes of JSON. Those of
// data that are sent as a text count: they may be many.
std::size_t ReplyBytes(std::span<const PublicationPtr> publications, DataAs data = DataAs::kPayload);
std::size_t ReplyBytes(std::span<const ClientInfoPtr> presence);
std::size_t ReplyBytes(const decltype(Reply::result)& result);

}  // namespace tidemill::protocol
