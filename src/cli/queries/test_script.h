// TestScript: a *.test.sql file as steps, each with what is expected of it. docs/formats/sql-tests.md is the
// reference of the format. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/queries/bound_query.h"
#include "queries/files/problem.h"
#include "queries/files/query.h"
#include "sql/database.h"

namespace tidemill::cli {

enum class Expected : std::uint8_t {
  kSuccess,  // it does not fail
  kTrue,     // there are rows, and every value of them is true
  kNone,     // no rows
  kCount,    // so many rows
  kRows,     // these rows, as JSON
  kError,    // it fails
};

struct Expectation {
  Expected what = Expected::kSuccess;
  std::string text;  // the number, the JSON, or what the error's code, kind or message has
};

struct TestStep {
  std::string name;    // the comment above it; "": it has none
  files::Range where;  // of the statement, or of @run
  Expectation expects;
  std::optional<files::QueryStatement> statement;  // nullopt: an endpoint is run
  std::string endpoint;
  Assignments values;
};

struct TestScript {
  std::vector<TestStep> steps;
  std::vector<files::Problem> problems;
};

TestScript ReadTestScript(std::string_view text, sql::Dialect dialect);

}  // namespace tidemill::cli
