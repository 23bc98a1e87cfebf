// Whether this machine can serve with settings that are good in themselves: files that are to be read,
// addresses that are to be bound. What only changes from moment to moment, such as a port in use, is not
// looked at.
//
// Reads files and binds sockets for a moment; any thread that may block.
#pragma once

#include "base/result.h"

namespace tidemill::settings {

struct Settings;

// kInvalidArgument: a line for each setting that cannot be used, with the reason.
Result<void> CheckUsable(const Settings& settings);

}  // namespace tidemill::settings
