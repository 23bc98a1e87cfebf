// MakeDatabase: PostgreSQL as an sql::Database, with two lanes of connections: shared ones, on which many
// statements are in flight, and exclusive ones for transactions, streams, COPY and statements seen to be
// slow; streams, which last as long as their readers take, have half of these at most. One more exclusive
// connection is for those that were fast and then took long once: they do not wait behind the slow ones.
// While a statement stands still on every shared connection, calls use exclusive ones.
//
// A connection serves one caller after the other, so nothing may stay in its session. SET and set_config that
// outlive their transaction are refused by name (statements/keywords.h). What a function or DO leaves there
// is seen where the server reports the setting (DateStyle, TimeZone, the role, from 18 on search_path, …):
// the connection is ended and made anew. Other settings, such as search_path before 18 or names of one's own,
// stay for whoever comes next: a function sets them with set_config(…, true), SET LOCAL, or its own SET
// clause.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "net/loop.h"
#include "postgres/copy.h"
#include "postgres/metrics.h"
#include "postgres/opening/session_opener.h"
#include "postgres/settings.h"
#include "postgres/types/type_catalog.h"
#include "sql/database.h"

namespace tidemill::postgres {

struct DatabaseOptions {
  Duration io_timeout = Seconds(10);
  Duration statement_timeout = Seconds(5);
  Duration lock_timeout = Seconds(2);
  Duration transaction_idle_max = Seconds(5);
  Duration probe_interval = Seconds(10);
  PoolSettings pool;
  LimitSettings limits;
  std::size_t prepared_max = 250;  // per connection
  Duration types_good_for = TypeCatalog::kGoodFor;
  std::string plant_bug_for_test;  // "missing_sync"; "": none
};
DatabaseOptions OptionsOf(const PostgresSettings& settings);

class Database : public sql::Database {
 public:
  virtual Task<sql::Result<std::unique_ptr<CopyIn>>> BeginCopyIn(sql::Statement copy) = 0;
  virtual Task<sql::Result<std::unique_ptr<CopyOut>>> BeginCopyOut(sql::Statement copy) = 0;
};

// Begins to connect at once. `opener` and `metrics` must outlive it; it must outlive the transactions,
// streams and copies that it gave.
std::unique_ptr<Database> MakeDatabase(net::Loop& loop, const SessionOpener& opener, DatabaseOptions options,
                                       Metrics& metrics);

}  // namespace tidemill::postgres
