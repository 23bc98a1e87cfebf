// Form: how what happens in a channel looks to a session. Sessions of one form share every byte.
#pragma once

#include <cstdint>

#include "realtime/protocol/codec.h"

namespace tidemill::hub {

// How messages are told apart on the connection (hub/framing.h).
enum class Framing : std::uint8_t {
  kWebsocket,    // one WebSocket message each (RFC 6455)
  kEventStream,  // one event each of a text/event-stream; JSON only
  kLines,        // JSON, each message and a line feed
  kDelimited,    // Protobuf, each message behind its length: as the codec writes it
};

// Whether publications are sent as deltas.
enum class Deltas : std::uint8_t {
  kNone,
  kAwaited,   // negotiated, but the subscriber has nothing yet that a delta could be applied to: it is sent
              // all
  kFollowed,  // it has had the publication before: it may be sent how the next one comes from that
};

struct ChannelFilter;

struct Form {
  protocol::Encoding encoding = protocol::Encoding::kJson;
  Framing framing = Framing::kWebsocket;
  protocol::Direction direction = protocol::Direction::kBidirectional;
  bool compressed = false;  // permessage-deflate was negotiated; with kWebsocket only
  bool join_leave = false;  // joins and leaves are wanted too
  bool conflated = false;   // who does not keep up is sent the newest publication only
  Deltas deltas = Deltas::kNone;
  ChannelFilter* filter = nullptr;  // the hub's; null: all publications are wanted
  friend bool operator==(const Form&, const Form&) = default;
};

}  // namespace tidemill::hub
