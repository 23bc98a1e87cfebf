// The operations on what is one's own in a room, and on signs of life: read, unread, receipts, typing,
// notifications, star, draft.
#pragma once

#include <vector>

#include "chat/api/operation.h"
#include "chat/operations/services.h"

namespace tidemill::chat {

std::vector<Operation> MarkerOperations(Services& services);

}  // namespace tidemill::chat
