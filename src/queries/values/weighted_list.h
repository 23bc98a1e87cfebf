// WeightedList: the elements of headers like Accept, with their qualities (RFC 9110 section 12.4.2).
//
// Lenient, as the RFC asks of who receives: a malformed element is passed over. Values; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace tidemill::queries {

struct WeightedElement {
  std::string value;   // lower case, without parameters: "text/csv", "gzip", "*"
  int quality = 1000;  // in thousandths
};

// All headers of that name together, in their order; at most 64 elements, what follows is passed over.
std::vector<WeightedElement> ReadWeighted(const http::Request& request, std::string_view header);

}  // namespace tidemill::queries
