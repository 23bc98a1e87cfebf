// Changes of a SQLite file, by PRAGMA data_version: a number that a connection sees grow when any other one,
// of this process or another, has committed. It says nothing of tables.
//
// (SQLite documentation, "PRAGMA data_version".)
#pragma once

#include <memory>

#include "net/loop.h"
#include "queries/live/changes.h"
#include "sql/database.h"

namespace tidemill::queries::live {

// `database` has one connection, which only reads, and is used for nothing else. All that is borrowed
// outlives it.
std::unique_ptr<ChangeSource> MakeSqliteChanges(net::Loop& loop, sql::Database& database,
                                                ChangeEvents& events);

}  // namespace tidemill::queries::live
