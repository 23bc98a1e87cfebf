// PrintSchema: a module's schema as a script for psql or sqlite3, for databases in which only an
// administrator may create tables. It records what it applies, as ApplySchemas does, and stops at the first
// failure: a version that is there already leaves everything as it is.
#pragma once

#include <cstdint>
#include <string>

#include "sql/schema/schema.h"

namespace tidemill::sql {

// The versions that follow `after`.
std::string PrintSchema(const Schema& schema, Dialect dialect, const SchemaOptions& options,
                        std::uint32_t after = 0);

}  // namespace tidemill::sql
