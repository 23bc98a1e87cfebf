// Moderation as operations: mutes, bans, flags, and who did what.
#pragma once

#include <vector>

#include "chat/api/operation.h"
#include "chat/operations/services.h"

namespace tidemill::chat {

std::vector<Operation> ModerationOperations(Services& services);

}  // namespace tidemill::chat
