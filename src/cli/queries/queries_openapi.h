// tidemill queries openapi: the OpenAPI document of a folder, without a server.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec QueriesOpenApiCommand();

}  // namespace tidemill::cli
