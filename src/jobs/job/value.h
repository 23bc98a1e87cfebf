// Value: JSON that somebody gives and that a job may be handed: a result, a checkpoint, a signal's payload.
// Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::job {

inline constexpr std::size_t kValueBytesMax = 64 << 10;

// Leaves no line ends between the tokens of `json`. kInvalidArgument: it is no JSON, or too deep to stand in
// a job; `what` is "a result".
Result<> OnOneLine(std::string& json, std::string_view what);

}  // namespace tidemill::job
