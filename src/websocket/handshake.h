// The opening handshake, server side (RFC 6455 section 4.2): a request in, a response out. No I/O.
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/message.h"
#include "websocket/deflate.h"

namespace tidemill::websocket {

struct HandshakeOptions {
  std::span<const std::string_view> subprotocols;  // ours, most wanted first
  bool deflate = false;                            // agree to permessage-deflate when asked
  // Clients that ask for a smaller window than this get no compression: a frame that all subscribers share is
  // compressed once, with the whole window.
  int deflate_window_bits_min = 15;
  std::span<const std::string> allowed_origins;  // http/origin.h; empty: same host only
};

struct Handshake {
  std::string response;     // the 101, ready to send
  std::string subprotocol;  // "" when none was agreed on
  std::optional<DeflateParameters> deflate;
};

// The Sec-WebSocket-Accept that answers `key`.
std::string AcceptKey(std::string_view key);

// A refusal is a whole response: 400, 403 (origin), 405, 426 with Sec-WebSocket-Version: 13.
std::expected<Handshake, http::Response> AcceptHandshake(const http::Request& request,
                                                         const HandshakeOptions& options);

}  // namespace tidemill::websocket
