// The OpenAPI 3.1 document of chat, composed from what each operation says of itself. A function; any thread.
#pragma once

#include <span>
#include <string>

#include "chat/api/operation.h"

namespace tidemill::chat {

std::string OpenApiDocument(std::span<const Operation> operations);

}  // namespace tidemill::chat
