// EnqueueFunctions: of Postgres: enqueue and enqueue_many put jobs into the inbox, in the caller's
// transaction. Values; any thread.
#pragma once

#include "sql/schema/schema.h"

namespace tidemill::jobs {

// Of version 1 of the schema, behind its tables. docs/formats/jobs-tables.md says how they are called and who
// may.
sql::SchemaStatements EnqueueFunctions();

}  // namespace tidemill::jobs
