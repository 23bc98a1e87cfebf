// The OpenAPI 3.1 document of chat, composed from what each operation says of itself. A function; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "chat/api/operation.h"

namespace tidemill::chat {

// A path that is served otherwise than by an operation. Of static storage.
struct PathDescription {
  std::string_view path;
  std::string_view json;  // the Path Item Object
};

std::string OpenApiDocument(std::span<const Operation> operations, std::span<const PathDescription> others);

}  // namespace tidemill::chat
