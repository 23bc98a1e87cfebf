// Incoming hooks as operations: made, listed, taken away. What arrives at one: incoming_hooks.h.
#pragma once

#include <vector>

#include "chat/api/operation.h"
#include "chat/operations/services.h"

namespace tidemill::chat {

std::vector<Operation> HookOperations(Services& services);

}  // namespace tidemill::chat
