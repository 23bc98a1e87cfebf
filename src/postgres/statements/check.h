// Whether a call may be sent: what would break the protocol, or is over a limit, is refused before. Any
// thread.
#pragma once

#include "postgres/settings.h"
#include "sql/failure.h"
#include "sql/statement.h"

namespace tidemill::postgres {

// kLimitExceeded: too many parameters or bytes. kInvalidStatement: what belongs to another call
// (keywords.h), or has a NUL in its text.
sql::Result<void> CheckCall(const sql::Call& call, const LimitSettings& limits);

}  // namespace tidemill::postgres
