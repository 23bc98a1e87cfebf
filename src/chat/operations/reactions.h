// The operations that mark a message for all: reactions.add, remove, pins.add, remove, list.
#pragma once

#include <vector>

#include "chat/api/operation.h"
#include "chat/operations/services.h"

namespace tidemill::chat {

std::vector<Operation> ReactionOperations(Services& services);

}  // namespace tidemill::chat
