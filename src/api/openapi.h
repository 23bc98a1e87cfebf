// The API's OpenAPI description (api/openapi.json), embedded when compiling.
#pragma once

#include <string_view>

namespace tidemill::api {

std::string_view OpenApiJson();

}  // namespace tidemill::api
