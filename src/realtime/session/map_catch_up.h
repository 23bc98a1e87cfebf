// MapCatchUp: how far a client has come in reading a map that it subscribes to. Over several commands it
// reads the pages of the state and of the stream after them; nothing follows the channel until it goes live.
//
// Few sessions read a map at a time: they have no place for it, the loop has one for all of them
// (Context::catch_ups). Loop thread only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "realtime/protocol/messages.h"
#include "realtime/session/authority.h"

namespace tidemill::session {

struct MapCatchUp {
  SubscribeTerms terms;  // granted for the first page; the others are not asked for again
  MonotonicTime began{};
  std::uint32_t number = 0;           // of the session's subscriptions, as ChannelSubscription::number
  protocol::StreamPosition frozen{};  // of the first page: the stream is read from there
  std::optional<std::uint64_t> stream_start;  // the stream's top when its first page was asked for
};

struct Client;
// Those of one session, by channel.
using MapCatchUps = std::map<std::string, MapCatchUp, std::less<>>;
using MapCatchUpsOfAll = std::unordered_map<const Client*, MapCatchUps>;

}  // namespace tidemill::session
