// The operations on threads: replies.list, threads.list, follow, unfollow, read.
#pragma once

#include <vector>

#include "chat/api/operation.h"
#include "chat/operations/services.h"

namespace tidemill::chat {

std::vector<Operation> ThreadOperations(Services& services);

}  // namespace tidemill::chat
