// Describe: the Catalog of a FileSet, by what a database says of each of its queries.
//
// Nothing is run: statements are prepared, and what depends on what is asked of the database's own tables.
// Endpoints whose file is the same as in the catalog before are taken over as they are, unless they are to be
// described anew because the database may have changed: then the same object stays where it has not.
//
// Not known of a query: what the functions do that it calls. In PostgreSQL before 14, on a standby, and for a
// role that may not make temporary objects, no tables at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "queries/catalog/catalog.h"
#include "sql/database.h"

namespace tidemill::queries {

// Of queries without @auth. In PostgreSQL policies of the tables may see to who reads what; in SQLite there
// is nobody else to do it.
enum class WithoutAuth : std::uint8_t {
  kServed,   // to whoever has a token
  kRefused,  // they are broken: the file must say who may call
};

struct DescribeOptions {
  WithoutAuth without_auth = WithoutAuth::kServed;
  std::size_t width = 4;  // queries that the database is asked about at once
  // Of the catalog before: these, or all, are described anew.
  std::vector<std::shared_ptr<const Endpoint>> anew{};
  bool all_anew = false;
};

// kUnavailable: the database is away or too slow, so nothing is known of anything; try again. `previous` may
// be null. `database` is the loop's and outlives the task. Loop thread only; a turn's share of work each
// time, the rest on the thread pool.
Task<Result<std::shared_ptr<const Catalog>>> Describe(net::Loop& loop, sql::Database& database,
                                                      std::shared_ptr<const files::FileSet> files,
                                                      std::shared_ptr<const Catalog> previous,
                                                      DescribeOptions options);

}  // namespace tidemill::queries
