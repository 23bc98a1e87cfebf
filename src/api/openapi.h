// The OpenAPI 3.1 document of the API, composed from what each method says of itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/method.h"

namespace tidemill::api {

// One operation for each method, with its name as operationId, and one for batch. `root` is the path that the
// routes begin with.
std::string OpenApiDocument(const std::vector<Method>& methods, std::string_view root);

}  // namespace tidemill::api
