// MakeSqlStore: jobs in a SQL database, in the tables of jobs/store/schema.h, which are there.
//
// A flush is one transaction in one round trip, whose first statement fails when the epoch is over. What
// becomes of a flush whose answer was lost is read back, however long the database is away; who does not
// want to wait so long destroys the store. README.md has the figures.
#pragma once

#include <memory>
#include <string>

#include "jobs/store/store.h"
#include "net/loop.h"
#include "sql/database.h"

namespace tidemill::jobs {

struct SqlStoreOptions {
  std::string postgres_schema = "tidemill";  // storage.postgres.schema
};

// Both outlive it.
std::unique_ptr<Store> MakeSqlStore(net::Loop& loop, sql::Database& database, SqlStoreOptions options);

}  // namespace tidemill::jobs
