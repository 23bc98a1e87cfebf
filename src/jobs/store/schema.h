// The tables of jobs, and the functions of Postgres that enqueue a job in somebody's own transaction. Values;
// any thread.
#pragma once

#include "sql/schema/schema.h"

namespace tidemill::jobs {

// docs/formats/jobs-tables.md describes them.
sql::Schema JobsSchema();

}  // namespace tidemill::jobs
