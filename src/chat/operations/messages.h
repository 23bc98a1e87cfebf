// The operations on messages: messages.send, list, get, edit, delete, history.
#pragma once

#include <vector>

#include "chat/api/operation.h"
#include "chat/operations/services.h"

namespace tidemill::chat {

std::vector<Operation> MessageOperations(Services& services);

}  // namespace tidemill::chat
