// For tests: a file's text as queries, and its problems as one text.
#pragma once

#include <string>
#include <string_view>

#include "queries/files/parse.h"

namespace tidemill::files::testing {

ParsedFile Parse(std::string_view path, std::string_view text,
                 sql::Dialect dialect = sql::Dialect::kPostgres);

// The messages, each in its line.
std::string Messages(const ParsedFile& file);

// The only query of a file without problems; asserts that it is so.
Query ParseOne(std::string_view path, std::string_view text, sql::Dialect dialect = sql::Dialect::kPostgres);

}  // namespace tidemill::files::testing
