// ReadSchemas, ApplySchemas: our own tables in a database: what is there, and bringing them up to date.
//
// Each version is a transaction of its own that first takes a lock (Postgres: an advisory one; SQLite: the
// writer), so nodes that start together apply each version once, and a crash leaves a version whole or not at
// all. A role that may not create anything is enough where everything is applied already.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "sql/database.h"
#include "sql/schema/schema.h"
#include "sql/schema/schema_state.h"

namespace tidemill::sql {

// What is recorded; nothing where the table is not there.
Task<Result<std::vector<AppliedVersion>>> ReadAppliedVersions(Database& database, SchemaOptions options);

struct AppliedNow {
  std::string module;
  std::uint32_t version = 0;

  friend bool operator==(const AppliedNow&, const AppliedNow&) = default;
};

// Applies what is missing, in order; gives what this call has applied. kRefused: a module is newer, changed
// or has a gap; nothing of any module is applied then. kTimeout: somebody else has held the lock for
// `patience`. An error of a statement names module and version. Both arguments outlive the task. Loop thread
// only.
Task<tidemill::Result<std::vector<AppliedNow>>> ApplySchemas(net::Loop& loop, Database& database,
                                                             const std::vector<Schema>& schemas,
                                                             SchemaOptions options);

}  // namespace tidemill::sql
