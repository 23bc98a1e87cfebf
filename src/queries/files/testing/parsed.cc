#include "queries/files/testing/parsed.h"

#include <gtest/gtest.h>

#include <vector>

namespace tidemill::files::testing {

ParsedFile Parse(std::string_view path, std::string_view text, sql::Dialect dialect) {
  Problems problems;
  const FileName name = ParseFileName(path, problems);
  ParsedFile file = ParseQueries(text, name, dialect);
  std::vector<Problem> of_name = problems.Take();
  file.problems.insert(file.problems.begin(), of_name.begin(), of_name.end());
  return file;
}

std::string Messages(const ParsedFile& file) {
  std::string all;
  for (const Problem& problem : file.problems) all += (all.empty() ? "" : "\n") + problem.message;
  return all;
}

Query ParseOne(std::string_view path, std::string_view text, sql::Dialect dialect) {
  const ParsedFile file = Parse(path, text, dialect);
  EXPECT_EQ(DescribeAll(path, text, file.problems), "");
  EXPECT_EQ(file.queries.size(), 1u);
  return file.queries.empty() ? Query{} : file.queries.front();
}

}  // namespace tidemill::files::testing
