// OpenRowStream: a sql::RowStream over a connection that was lent, one of the few for streams: a portal that
// is asked for some rows at a time, and reading that stands still while a piece waits to be taken.
#pragma once

#include <memory>

#include "postgres/lanes/exclusive_lane.h"
#include "postgres/lanes/turnstile.h"
#include "sql/database.h"

namespace tidemill::postgres {

Task<sql::Result<std::unique_ptr<sql::RowStream>>> OpenRowStream(Turnstile::Pass pass, Lease lease,
                                                                 sql::Call call);

}  // namespace tidemill::postgres
