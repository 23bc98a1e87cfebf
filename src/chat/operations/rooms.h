// The operations on rooms: rooms.create, browse, get, update, delete, archive, unarchive, dms.open, changes.
#pragma once

#include <vector>

#include "chat/api/operation.h"
#include "chat/operations/services.h"

namespace tidemill::chat {

std::vector<Operation> RoomOperations(Services& services);

}  // namespace tidemill::chat
