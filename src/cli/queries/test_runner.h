// RunTestFile: carries out a TestScript in one transaction, which is rolled back.
//
// A step that fails, as it was expected to, ends the transaction in both databases: the steps before it are
// carried out again in a new one.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/queries/test_script.h"
#include "net/task.h"
#include "queries/catalog/catalog.h"
#include "sql/database.h"

namespace tidemill::cli {

struct TestReport {
  std::string path;
  std::size_t passed = 0;   // steps with something expected of them
  std::size_t skipped = 0;  // behind a step that failed
  std::vector<files::Problem> problems;
};

struct TestContext {
  sql::Database& database;
  const queries::Catalog& catalog;
  std::string role_claim;
};

// An error: the database is away.
Task<Result<TestReport>> RunTestFile(const TestContext& context, const files::File& file);

}  // namespace tidemill::cli
