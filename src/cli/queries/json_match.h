// WhyNotJson: whether JSON is what was expected of it. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace tidemill::cli {

// "": it matches. Else where it does not: "[1].amount is 3, not 2". An expected object names the members that
// count, an expected array all elements in their order; numbers are equal by value. Both are valid JSON.
std::string WhyNotJson(std::string_view expected, std::string_view actual);

}  // namespace tidemill::cli
