// People of this server as those who may call the HTTP API (api/people.h): by their session, with the role
// that they have in the console.
#pragma once

#include <memory>

#include "accounts/services.h"
#include "api/people.h"

namespace tidemill::accounts {

enum class ConsoleMode { kUsual, kReadOnly };

// In read-only mode everybody is a viewer at most. `services` outlives it.
std::unique_ptr<api::People> MakeConsolePeople(Services& services, ConsoleMode mode);

}  // namespace tidemill::accounts
