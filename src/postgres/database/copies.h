// OpenCopyIn, OpenCopyOut: COPY over a connection that was lent (copy.h).
#pragma once

#include <memory>

#include "postgres/copy.h"
#include "postgres/lanes/exclusive_lane.h"
#include "sql/statement.h"

namespace tidemill::postgres {

// kInvalidStatement: it is not such a COPY.
Task<sql::Result<std::unique_ptr<CopyIn>>> OpenCopyIn(Lease lease, sql::Statement copy);
Task<sql::Result<std::unique_ptr<CopyOut>>> OpenCopyOut(Lease lease, sql::Statement copy);

}  // namespace tidemill::postgres
