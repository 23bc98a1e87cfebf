// Changes of PostgreSQL, by triggers that note each transaction's tables in tidemill_live_notes (schema.h).
//
// Who follows sets until when it does (a lease in a sequence), so that nothing is noted while nobody looks.
// It looks every few milliseconds, for what its last snapshot did not see: a transaction that commits late is
// found then, whatever its number. What all have seen is deleted after a while. A node that could not look
// for long, and one that begins, counts everything as changed; and so does each end of a transaction that ran
// already when it began, as its triggers may have found nobody following.
#pragma once

#include <memory>

#include "net/loop.h"
#include "queries/live/changes.h"
#include "queries/live/postgres_tables.h"
#include "sql/database.h"

namespace tidemill::queries::live {

// All that is borrowed outlives it.
std::unique_ptr<ChangeSource> MakePostgresChanges(net::Loop& loop, sql::Database& database,
                                                  PostgresTables::Options options, ChangeEvents& events);

}  // namespace tidemill::queries::live
