// MakeSqlStore: the outbox in SQLite or Postgres, whose tables schema.h has.
#pragma once

#include <memory>
#include <string>

#include "outbox/store.h"
#include "sql/database.h"

namespace tidemill::outbox {

struct SqlStoreOptions {
  std::string postgres_schema = "tidemill";
};
// `database` outlives it.
std::unique_ptr<Store> MakeSqlStore(sql::Database& database, const SqlStoreOptions& options);

}  // namespace tidemill::outbox
