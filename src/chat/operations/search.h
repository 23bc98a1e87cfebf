// The operation search: messages by words and filters, in one's own rooms.
#pragma once

#include "chat/api/operation.h"
#include "chat/operations/services.h"

namespace tidemill::chat {

Operation SearchOperation(Services& services);

}  // namespace tidemill::chat
