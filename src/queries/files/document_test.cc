// docs/formats/sql-files.md tells the truth.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "queries/files/tags.h"
#include "queries/files/testing/parsed.h"

namespace tidemill::files {
namespace {

std::string Document() {
  std::ifstream file(TM_DOCS "/formats/sql-files.md", std::ios::binary);
  EXPECT_TRUE(file.is_open());
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Document, ExamplesHaveNoProblems) {
  const std::string document = Document();
  std::string routes;
  constexpr std::string_view kFence = "\n```sql ";
  for (std::size_t at = document.find(kFence); at != std::string::npos; at = document.find(kFence, at + 1)) {
    const std::size_t name = at + kFence.size();
    const std::size_t begin = document.find('\n', name) + 1;
    const std::string path = document.substr(name, begin - 1 - name);
    const std::string text = document.substr(begin, document.find("\n```\n", begin) - begin);
    const ParsedFile file = testing::Parse(path, text);
    EXPECT_EQ(DescribeAll(path, text, file.problems), "");
    for (const Query& query : file.queries) routes += query.route.ToString() + "\n";
  }
  EXPECT_EQ(routes, "GET /orders/by_customer\nGET /sales/by_hour\nGET /users/list\nPOST /users/add\n");
}

// Each tag of the table is one, and each example of it in its cell is accepted as the table writes it.
TEST(Document, NamesEveryTag) {
  const std::string document = Document();
  const ParsedFile unknown = testing::Parse("a.get.sql", "-- @nonsense\nselect 1");
  ASSERT_EQ(unknown.problems.size(), 1u);
  const std::string& hint = unknown.problems[0].hint;
  std::size_t count = 0;
  for (std::size_t at = hint.find('@'); at != std::string::npos; at = hint.find('@', at + 1)) {
    const std::string name = hint.substr(at, hint.find_first_of(" \n", at) - at);
    EXPECT_TRUE(document.contains("| `" + name + " ") || document.contains("| `" + name + "`")) << name;
    ++count;
  }
  EXPECT_EQ(count, 15u);
}

TEST(Document, ItsProblemIsTheRealOne) {
  const std::string document = Document();
  const std::string text = "-- One order.\n-- @parm id int\nselect :id";
  const ParsedFile file = testing::Parse("orders/[id].get.sql", text);
  const std::string shown = DescribeAll("orders/[id].get.sql", text, file.problems);
  const std::size_t begin = document.find("```text\n") + 8;
  const std::string example = document.substr(begin, document.find("```", begin) - begin);
  EXPECT_TRUE(shown.starts_with(example)) << shown << "\n" << example;
}

}  // namespace
}  // namespace tidemill::files
