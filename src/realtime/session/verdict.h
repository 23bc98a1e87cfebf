// Verdict: what a client asked for, or why it does not get it.
#pragma once

#include <expected>
#include <variant>

#include "realtime/protocol/codes.h"

namespace tidemill::session {

// An error reply, or the end of the connection.
using Refusal = std::variant<protocol::ErrorCode, protocol::DisconnectCode>;

template <class T>
using Verdict = std::expected<T, Refusal>;

inline std::unexpected<Refusal> Refused(Refusal refusal) { return std::unexpected(refusal); }

}  // namespace tidemill::session
