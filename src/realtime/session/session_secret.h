// The secret of a session: whoever has it may speak for the session (POST /emulation), on any connection.
//
// A UUID of which 106 bits are random; the other 16 say on which loop the session is.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/random.h"

namespace tidemill::session {

Uuid MakeSessionSecret(std::size_t loop_index);
// Uuid::ToString's reverse; nullopt: it is none.
std::optional<Uuid> ParseSessionSecret(std::string_view text);
// Of any UUID: the caller looks whether there is such a loop.
std::size_t LoopIndexOf(const Uuid& secret);

}  // namespace tidemill::session
