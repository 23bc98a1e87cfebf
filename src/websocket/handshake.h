// The opening handshake, server side (RFC 6455 section 4.2).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/message.h"
#include "websocket/deflate.h"

namespace tidemill::websocket {

struct HandshakeOptions {
  std::span<const std::string_view> subprotocols;  // ours, most wanted first
  bool deflate = false;                            // offer permessage-deflate
  std::span<const std::string> allowed_origins;    // http/origin.h; empty: same host only
};

struct Handshake {
  std::string response;     // the 101, ready to send
  std::string subprotocol;  // "" when none was agreed on
  std::optional<DeflateParameters> deflate;
};

// A refusal is a whole response: 400, 403 (origin), 405, 426 with Sec-WebSocket-Version: 13.
std::expected<Handshake, http::Response> AcceptHandshake(const http::Request& request,
                                                         const HandshakeOptions& options);

}  // namespace tidemill::websocket
