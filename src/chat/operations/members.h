// The operations on who is in a room: members.list, add, update, remove, rooms.join, rooms.leave.
#pragma once

#include <vector>

#include "chat/api/operation.h"
#include "chat/operations/services.h"

namespace tidemill::chat {

std::vector<Operation> MemberOperations(Services& services);

}  // namespace tidemill::chat
