// The expression that names of a namespace must match: compiled in one place, so that what a check of the
// settings takes can be served.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace tidemill::channels {

// kInvalidArgument: not an RE2 expression, too large, or one that matches no name at all. The detail is for a
// person who reads the expression before it.
Result<std::unique_ptr<const re2::RE2>> CompileNameRegex(const std::string& expression);

}  // namespace tidemill::channels
