// sync: all that a client begins with, in one answer.
#pragma once

#include "chat/api/operation.h"
#include "chat/operations/services.h"

namespace tidemill::chat {

Operation SyncOperation(Services& services);

}  // namespace tidemill::chat
