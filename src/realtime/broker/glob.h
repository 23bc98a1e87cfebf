// Glob patterns over channel names: '*' any run of bytes, '?' any one byte, '[a-z]' one of a set, '[!a-z]' or
// '[^a-z]' one outside it, '\' takes the next byte as it is. Everything else stands for itself.
#pragma once

#include <string_view>

#include "base/result.h"

namespace tidemill::broker {

// kInvalidArgument: over 1024 bytes, an unclosed '[', an empty set, or a '\' at the end.
Result<void> CheckGlob(std::string_view pattern);

// Whether all of `text` matches. `pattern` has passed CheckGlob. At most |pattern| × |text| steps.
bool MatchesGlob(std::string_view pattern, std::string_view text);

}  // namespace tidemill::broker
