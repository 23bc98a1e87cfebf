// Positions in a channel's stream: {"offset":7,"epoch":"vqrmcYKK"}.
#pragma once

#include <optional>
#include <string>

#include "api/method.h"
#include "base/json.h"
#include "realtime/protocol/messages.h"

namespace tidemill::methods {

extern const api::Schema kPositionSchema;

void ReadPosition(JsonReader& json, std::optional<protocol::StreamPosition>& position);
// {} without a stream.
void AppendPosition(const protocol::StreamPosition& position, std::string& out);

}  // namespace tidemill::methods
