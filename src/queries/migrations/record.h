// The table in which a database notes the migrations that it has: tidemill_migrations, in Postgres in our
// schema.
#pragma once

#include <string>
#include <vector>

#include "net/task.h"
#include "queries/files/migrations.h"
#include "sql/database.h"
#include "sql/schema/schema.h"

namespace tidemill::migrations {

struct RecordedMigration {
  files::AppliedMigration migration;
  std::string applied_at;
  std::string applied_by;  // our version
};

// By number; nothing where the table is not there. Changes nothing.
Task<sql::Result<std::vector<RecordedMigration>>> ReadRecord(sql::Database& database,
                                                             sql::SchemaOptions options);

// For who has a transaction: whether the table is there, what makes it, all of it, one more row.
sql::Call RecordExists(sql::Dialect dialect, const sql::SchemaOptions& options);
std::vector<sql::Call> CreateRecord(sql::Dialect dialect, const sql::SchemaOptions& options);
sql::Call SelectRecord(sql::Dialect dialect, const sql::SchemaOptions& options);
std::vector<RecordedMigration> ToRecord(const sql::Rows& rows);
sql::Call InsertRecord(sql::Dialect dialect, const sql::SchemaOptions& options,
                       const files::Migration& migration);

}  // namespace tidemill::migrations
