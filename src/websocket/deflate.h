// permessage-deflate (RFC 7692) without context takeover on the server's side, so that one compressed frame
// serves every subscriber.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::websocket {

// What was agreed on in the handshake.
struct DeflateParameters {
  bool client_no_context_takeover = false;
  int client_max_window_bits = 15;
  int server_max_window_bits = 15;
  // server_no_context_takeover is always set by us.
};

// Chooses from the client's Sec-WebSocket-Extensions value; nullopt: none acceptable. `response` gets the
// header value to answer with.
std::optional<DeflateParameters> NegotiateDeflate(std::string_view offered, std::string& response);

// The peer's direction. Inflates in bounded steps: kLimitExceeded before more than `bytes_max` came out.
class MessageInflater {
 public:
  static std::unique_ptr<MessageInflater> Make(const DeflateParameters& parameters);
  virtual ~MessageInflater() = default;
  // Appends to `out`. `final`: the last piece of the message (the 00 00 ff ff tail is added here).
  virtual Result<void> Inflate(std::string_view piece, bool final, std::size_t bytes_max,
                               std::string& out) = 0;
};

// One message compressed by itself, tail removed; nullopt when it would not be smaller.
// `window_bits` 9…15. Loop thread only (one compressor per thread).
std::optional<std::string> DeflateMessage(std::string_view message, int window_bits);

}  // namespace tidemill::websocket
