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

struct Form {
  protocol::Encoding encoding = protocol::Encoding::kJson;
  Framing framing = Framing::kWebsocket;
  protocol::Direction direction = protocol::Direction::kBidirectional;
  bool compressed = false;  // permessage-deflate was negotiated; with kWebsocket only
  bool join_leave = false;  // joins and leaves are wanted too
  friend bool operator==(const Form&, const Form&) = default;
};

}  // namespace tidemill::hub
