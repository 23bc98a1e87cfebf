// Reads control messages (docs/formats/control-messages.md).
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "cluster/messages.h"

namespace tidemill::cluster {

// nullopt: of a type or version that this node does not know. kInvalidArgument: malformed.
Result<std::optional<Message>> Decode(std::string_view text);

}  // namespace tidemill::cluster
