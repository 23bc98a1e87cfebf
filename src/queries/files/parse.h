// ParseQueries: the text of a .sql file as queries, or everything that is wrong with it.
//
// Pure: of its arguments only, so that tools and tests need no folder and no database.
#pragma once

#include <string_view>
#include <vector>

#include "queries/files/problem.h"
#include "queries/files/query.h"
#include "queries/files/route.h"
#include "sql/database.h"

namespace tidemill::files {

// With problems no query of the file is to be served; those that are here have at least their routes.
struct ParsedFile {
  std::vector<Query> queries;
  std::vector<Problem> problems;
};

// `name` is of kind kQuery. `text` has no byte order mark.
ParsedFile ParseQueries(std::string_view text, const FileName& name, sql::Dialect dialect);

// What a text must be before anything else is read in it: not too large, UTF-8, no NUL, which would end a
// statement for SQLite. Whether it is.
bool CheckText(std::string_view text, Problems& problems);

}  // namespace tidemill::files
