// Compose: a request of HTTP as the one JSON object that an operation reads: what stands in the path, in the
// query string and in the body. A function; any thread.
#pragma once

#include <string>

#include "chat/api/operation.h"
#include "chat/store/refusal.h"
#include "http/message.h"

namespace tidemill::chat {

// In the query a list is written with commas, and a truth as 1 or 0. A name that no field has is refused here
// (kInvalid), like a body that is no object; all else when the object is read.
Outcome<std::string> Compose(const Operation& operation, const http::Request& request);

}  // namespace tidemill::chat
