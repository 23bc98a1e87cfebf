// The operations on people: users.list, me.update, me.status, me.presence, and sync, with which a client
// begins.
#pragma once

#include <vector>

#include "chat/api/operation.h"
#include "chat/operations/services.h"

namespace tidemill::chat {

std::vector<Operation> PeopleOperations(Services& services);

}  // namespace tidemill::chat
