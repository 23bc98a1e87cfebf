// Which transport carries a session: a label of metrics and a field of the log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "realtime/hub/form.h"

namespace tidemill::session {

enum class TransportKind : std::uint8_t {
  kWebsocket,
  kSse,
  kHttpStream,
  kUniWebsocket,
  kUniSse,
  kUniHttpStream,
};
inline constexpr std::size_t kTransportKinds = static_cast<std::size_t>(TransportKind::kUniHttpStream) + 1;

// As settings and Centrifugo call it.
constexpr std::string_view NameOf(TransportKind kind) {
  constexpr std::string_view kNames[kTransportKinds] = {"websocket",     "sse",     "http_stream",
                                                        "uni_websocket", "uni_sse", "uni_http_stream"};
  return kNames[static_cast<std::size_t>(kind)];
}

constexpr TransportKind KindOf(hub::Framing framing, protocol::Direction direction) {
  const bool listens = direction == protocol::Direction::kUnidirectional;
  switch (framing) {
    case hub::Framing::kWebsocket: return listens ? TransportKind::kUniWebsocket : TransportKind::kWebsocket;
    case hub::Framing::kEventStream: return listens ? TransportKind::kUniSse : TransportKind::kSse;
    case hub::Framing::kLines:
    case hub::Framing::kDelimited: break;
  }
  return listens ? TransportKind::kUniHttpStream : TransportKind::kHttpStream;
}

}  // namespace tidemill::session
