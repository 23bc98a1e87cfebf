// From storage.postgres to what opens sessions.
//
// Blocks: the environment, the password file and TLS files are read. Not on a loop.
#pragma once

#include <memory>

#include "base/result.h"
#include "postgres/opening/session_opener.h"
#include "postgres/settings.h"

namespace tidemill::postgres {

// kInvalidArgument names the setting and what is wrong with it, and never quotes the URL.
Result<OpenOptions> OpenOptionsFor(const PostgresSettings& settings);
Result<std::unique_ptr<const SessionOpener>> OpenerFor(const PostgresSettings& settings);

}  // namespace tidemill::postgres
