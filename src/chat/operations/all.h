// AllOperations: what chat does, as one list.
#pragma once

#include <vector>

#include "chat/api/operation.h"
#include "chat/operations/services.h"

namespace tidemill::chat {

// `services` outlives them.
std::vector<Operation> AllOperations(Services& services);

}  // namespace tidemill::chat
