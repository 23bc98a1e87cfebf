#include "queries/files/file_set.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

namespace tidemill::files {
namespace {

using Texts = std::map<std::string, std::string>;

FileSet SetOf(const Texts& texts) {
  std::vector<std::shared_ptr<const File>> files;
  for (const auto& [path, text] : texts) {
    files.push_back(std::make_shared<const File>(LoadFile(path, text, sql::Dialect::kPostgres)));
  }
  return MakeFileSet(std::move(files), {}, {"health"});
}

TEST(FileSet, FindsFilesAndKnowsWhichAreSound) {
  const FileSet set = SetOf({{"a.get.sql", "select 1"},
                             {"b/index.get.sql", "select 1"},
                             {"b.get.sql", "select 2"},
                             {"c.get.sql", "select '"},
                             {"d.test.sql", "select 1"},
                             {"migrations/1_a.sql", "create table a (b int)"}});
  EXPECT_EQ(set.Find("nothing"), nullptr);
  const auto sound = [&set](std::string_view path) { return set.IsSound(*set.Find(path)); };
  EXPECT_TRUE(sound("a.get.sql"));
  EXPECT_FALSE(sound("b.get.sql"));
  EXPECT_FALSE(sound("b/index.get.sql"));
  EXPECT_FALSE(sound("c.get.sql"));
  EXPECT_TRUE(sound("d.test.sql"));
  ASSERT_EQ(set.migrations.size(), 1u);
  EXPECT_EQ(set.migrations[0].name, "a");
  const auto counts = set.CountProblems();
  EXPECT_EQ(counts[static_cast<std::size_t>(ProblemKind::kRoute)], 2u);
  EXPECT_EQ(counts[static_cast<std::size_t>(ProblemKind::kSyntax)], 1u);
}

TEST(FileSet, DescribesAllProblems) {
  const FileSet set = SetOf({{"b/index.get.sql", "select 1"},
                             {"b.get.sql", "select 2"},
                             {"c.get.sql", "select '"},
                             {"health.get.sql", "select 1"},
                             {"migrations/2_a.sql", ""}});
  EXPECT_EQ(set.Describe(),
            "b.get.sql: GET /b is also the route of b/index.get.sql\n"
            "  change one of the two\n"
            "b/index.get.sql: GET /b is also the route of b.get.sql\n"
            "  change one of the two\n"
            "health.get.sql: /health is the server's own\n"
            "  choose another name\n"
            "migrations/2_a.sql: 1 is missing before it\n"
            "c.get.sql:1:8: this text is never closed\n"
            "  select '\n"
            "         ^\n");
}

TEST(FileSet, ABrokenFileKeepsItsRouteUnlessItsNameIsWrong) {
  const auto routes = [](std::string path, std::string text) {
    const File file = LoadFile(std::move(path), std::move(text), sql::Dialect::kSqlite);
    EXPECT_FALSE(file.problems.empty());
    return file.queries.empty() ? "" : file.queries[0].route.ToString();
  };
  EXPECT_EQ(routes("a.get.sql", ""), "GET /a");
  EXPECT_EQ(routes("a.get.sql", "\xff"), "GET /a");
  EXPECT_EQ(routes("a.get.sql", "select '"), "GET /a");
  EXPECT_EQ(routes("a.get.sql", std::string(2 << 20, ' ')), "GET /a");
  EXPECT_EQ(routes("A.get.sql", "select 1"), "");
  const FileSet set = SetOf({{"index.get.sql", "select 1"}, {"A.get.sql", "select 1"}});
  EXPECT_TRUE(set.IsSound(*set.Find("index.get.sql"))) << "the other one is not the route /";
}

TEST(FileSet, AByteOrderMarkIsNoText) {
  const File file = LoadFile("a.get.sql", "\xef\xbb\xbf-- One.\nselect 1", sql::Dialect::kSqlite);
  EXPECT_TRUE(file.problems.empty());
  EXPECT_EQ(file.queries.at(0).summary, "One.");
  EXPECT_TRUE(file.text.starts_with("-- One."));
}

TEST(FileSet, HashesAreOfTheBytes) {
  EXPECT_EQ(Sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(LoadFile("a.get.sql", "abc", sql::Dialect::kSqlite).sha256, Sha256("abc"));
}

TEST(Difference, ListsWhatCameChangedAndWent) {
  const Texts before = {{"a.get.sql", "select 1"}, {"b.get.sql", "select 1"}, {"d.get.sql", "select 1"}};
  EXPECT_TRUE(Difference(SetOf(before), SetOf(before)).empty());
  EXPECT_EQ(Difference(SetOf({}), SetOf(before)),
            (Changes{.added = {"a.get.sql", "b.get.sql", "d.get.sql"}}));
  EXPECT_EQ(Difference(SetOf(before), SetOf({})),
            (Changes{.removed = {"a.get.sql", "b.get.sql", "d.get.sql"}}));
  const Texts after = {{"b.get.sql", "select 2"}, {"c.get.sql", "select 1"}, {"d.get.sql", "select 1"}};
  EXPECT_EQ(Difference(SetOf(before), SetOf(after)),
            (Changes{.added = {"c.get.sql"}, .changed = {"b.get.sql"}, .removed = {"a.get.sql"}}));
  const Texts conflict = {{"a.get.sql", "select 1"},
                          {"a/index.get.sql", "select 1"},
                          {"b.get.sql", "select 1"},
                          {"d.get.sql", "select 1"}};
  EXPECT_EQ(Difference(SetOf(before), SetOf(conflict)),
            (Changes{.added = {"a/index.get.sql"}, .folder = true}))
      << "what is wrong with a.get.sql is new";
  FileSet gone;
  gone.found = false;
  EXPECT_EQ(Difference(SetOf({}), gone), Changes{.folder = true});
}

}  // namespace
}  // namespace tidemill::files
