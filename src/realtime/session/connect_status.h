// What a connect that was refused is in HTTP, where uni_*.connect_code_to_http_response says that it is an
// answer and no message on the stream.
//
// Pure functions over values.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "realtime/protocol/codes.h"

namespace tidemill::session {

struct ConnectStatus {
  std::uint32_t code = 0;  // of an error or a disconnect
  int status = 0;          // of HTTP, 400 to 599
  std::string body;        // "": the code's own text
  friend bool operator==(const ConnectStatus&, const ConnectStatus&) = default;
};

// "3500 401", or "3500 401 log in again". kInvalidArgument says what is wrong.
Result<ConnectStatus> ParseConnectStatus(std::string_view text);

// For a code: the first of `texts` that is about it, all of which can be parsed, or what HTTP has for its
// meaning. The body is `reason` where nothing else is given.
ConnectStatus ConnectStatusOf(std::uint32_t code, std::string_view reason,
                              std::span<const std::string> texts);

// What a client that only listens is told in place of an error.
protocol::DisconnectCode DisconnectInPlaceOf(const protocol::ErrorCode& error);

}  // namespace tidemill::session
