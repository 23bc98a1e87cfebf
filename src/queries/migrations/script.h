// Script: a migration's text as the statements that the database gets, one at a time.
//
// A parameter means nothing here: ":name" is sent as it stands. Pure; any thread.
#pragma once

#include <string_view>
#include <vector>

#include "queries/files/problem.h"
#include "queries/files/query.h"
#include "sql/database.h"

namespace tidemill::migrations {

struct Script {
  std::vector<files::QueryStatement> statements;  // without parameters
  // False with "-- @no_tx" above the first statement: the one statement of the file cannot run in a
  // transaction.
  bool transaction = true;
  std::vector<files::Problem> problems;
};

// Refused, beside what cannot be read: no statement; begin, commit and their like; what would stay in the
// connection; tags that are not known; more than one statement with @no_tx, and @no_tx in SQLite; the other
// half of a file of dbmate or goose, which would undo the first.
Script ReadScript(std::string_view text, sql::Dialect dialect);

}  // namespace tidemill::migrations
