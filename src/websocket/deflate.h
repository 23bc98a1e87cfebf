// permessage-deflate (RFC 7692) without context takeover in either direction: one compressed frame serves
// every subscriber, and an idle connection keeps no window.
//
// Both directions use one zlib state per thread (and window size), made at first use.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "websocket/extensions.h"

namespace tidemill::websocket {

// What was agreed on in the handshake. server_no_context_takeover and client_no_context_takeover are always
// set by us, as sections 7.1.1.1 and 7.1.1.2 allow. The client's window is not limited: ours takes any.
struct DeflateParameters {
  int server_max_window_bits = 15;  // 9…15
};

// Takes the first offer that we can keep; nullopt: none. `response` gets the header value to answer with.
// Refused: unknown, repeated or wrong parameters, and a server_max_window_bits below `window_bits_min`, which
// is at least 9: zlib cannot keep to a window of 8 bits.
std::optional<DeflateParameters> NegotiateDeflate(std::span<const ExtensionOffer> offers, int window_bits_min,
                                                  std::string& response);

// The peer's direction.
class MessageInflater {
 public:
  static std::unique_ptr<MessageInflater> Make(const DeflateParameters& parameters);
  virtual ~MessageInflater() = default;
  // Appends to `out`, growing it in bounded steps. `compressed` is the whole message without its tail.
  // kLimitExceeded when it would be more than `bytes_max` in all, kInvalidArgument when it is damaged or cut.
  virtual Result<void> Inflate(std::string_view compressed, std::size_t bytes_max, std::string& out) = 0;
};

// One message compressed by itself, tail removed; nullopt when it would not be smaller.
// `window_bits` 9…15.
std::optional<std::string> DeflateMessage(std::string_view message, int window_bits);

}  // namespace tidemill::websocket
