// What a client does with a delta of Fossil: for tests, which read what the encoder writes.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::delta {

// The target; kInvalidArgument: the delta is malformed, or not one of this source.
Result<std::string> ApplyFossil(std::string_view source, std::string_view delta);

}  // namespace tidemill::delta
