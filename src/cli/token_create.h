// `tidemill token create`: signs a token with an HMAC key.
#pragma once

#include "cli/command.h"

namespace tidemill::cli {

CommandSpec TokenCreateCommand();

}  // namespace tidemill::cli
