// Apply: brings a database to where the migrations of a folder are.
//
// Each migration is a transaction of its own that first takes a lock (Postgres: an advisory one; SQLite: the
// writer), so nodes that start together apply each once, and a crash leaves a migration whole or not at all.
// One with @no_tx (Postgres) is its one statement, which runs beside the transaction that has the lock and
// records it: a crash between the two leaves it done and unrecorded, and it runs again.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "queries/files/file_set.h"
#include "sql/database.h"
#include "sql/schema/schema.h"

namespace tidemill::migrations {

struct AppliedNow {
  std::uint32_t number = 0;
  std::string path;
  Duration took;
};

struct Outcome {
  std::vector<AppliedNow> applied;           // by this call, in order
  std::vector<files::FileProblem> problems;  // those that stopped it; empty: nothing is missing any more
};

// Makes our own table too. `set` was read in the database's dialect. With a problem nothing is applied; a
// statement that fails is one, and leaves the migrations before it applied. Of `options`, `patience` is how
// long the lock may be held by others, and a statement may last `statement_max`, or as long as the database
// was opened for. An error: the database is away, the lock was not to be had, what is recorded is not known.
// Loop thread only; runs to its end.
Task<Result<Outcome>> Apply(net::Loop& loop, sql::Database& database,
                            std::shared_ptr<const files::FileSet> set, sql::SchemaOptions options);

// Of Postgres' advisory lock: one for each schema.
std::int64_t LockKey(const sql::SchemaOptions& options);

}  // namespace tidemill::migrations
