// What a user can do about a connection to a server that failed.
#pragma once

#include <string>

#include "base/result.h"

namespace tidemill::cli {

// What happened and, where there is one, the next step: "connect to 127.0.0.1:8000: Connection refused; is
// the server running? …".
std::string WithNextStep(const Error& error);

}  // namespace tidemill::cli
