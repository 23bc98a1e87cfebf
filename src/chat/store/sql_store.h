// MakeSqlStore: chat in a SQL database, in the tables of chat/store/schema.h, which are there.
//
// README.md says what a write costs.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "chat/store/store.h"
#include "net/loop.h"
#include "sql/database.h"

namespace tidemill::chat {

struct SqlStoreOptions {
  std::string postgres_schema = "tidemill";  // storage.postgres.schema
};

// All but the options outlive it.
std::unique_ptr<Store> MakeSqlStore(net::Loop& loop, sql::Database& database, const Clock& clock,
                                    const SqlStoreOptions& options);

}  // namespace tidemill::chat
