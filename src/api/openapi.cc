#include "api/openapi.h"

namespace tidemill::api {
namespace {

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
constexpr char kOpenApi[] = {
#embed "openapi.json"
};
#pragma clang diagnostic pop

}  // namespace

std::string_view OpenApiJson() { return {kOpenApi, sizeof(kOpenApi)}; }

}  // namespace tidemill::api
