#include "queries/files/scan.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "queries/files/testing/folder.h"

namespace tidemill::files {
namespace {

using testing::Folder;

std::shared_ptr<const FileSet> Read(const Folder& folder, const FileSet* previous = nullptr,
                                    ScanLimits limits = {}) {
  return Scan({.folder = folder.path(), .limits = limits}, previous, {});
}

// The paths of the files, then what is wrong.
std::string Show(const FileSet& set) {
  std::string out;
  for (const auto& file : set.files) {
    out += file->path;
    for (const Problem& problem : file->problems) out += ": " + problem.message;
    out += "\n";
  }
  for (const auto& [path, problem] : set.problems) out += path + ": " + problem.message + "\n";
  return out;
}

TEST(Scan, FindsTheFilesOfAllFolders) {
  const Folder folder;
  folder.Write("orders.get.sql", "select 1");
  folder.Write("orders/[id].get.sql", "select :id");
  folder.Write("a/b/c.post.sql", "insert into a values (1)");
  folder.Write("migrations/0001_a.sql", "create table a (b)");
  folder.Write("orders.test.sql", "select 1");
  // Passed over.
  folder.Write("README.md", "# orders");
  folder.Write("orders.get.sql~", "select '");
  folder.Write(".hidden.get.sql", "select '");
  folder.Write(".git/a.get.sql", "select '");
  folder.MakeFolder("empty");
  const auto set = Read(folder);
  EXPECT_TRUE(set->found);
  EXPECT_EQ(Show(*set),
            "a/b/c.post.sql\nmigrations/0001_a.sql\norders.get.sql\norders.test.sql\norders/[id].get.sql\n");
  EXPECT_EQ(set->Describe(), "");
  ASSERT_NE(set->Find("orders/[id].get.sql"), nullptr);
  EXPECT_EQ(set->Find("orders/[id].get.sql")->queries.at(0).route.ToString(), "GET /orders/{id}");
}

TEST(Scan, AFolderThatIsNotThereIsSaid) {
  const Folder folder;
  const auto none = Scan({.folder = folder.Of("none")}, nullptr, {});
  EXPECT_FALSE(none->found);
  EXPECT_EQ(none->Describe(), "the folder: " + folder.Of("none") + " is no folder that can be read\n");
  folder.Write("file", "");
  EXPECT_FALSE(Scan({.folder = folder.Of("file")}, nullptr, {})->found);
}

TEST(Scan, LinksInsideAreFollowedAndOthersRefused) {
  const Folder outside;
  outside.Write("secret.get.sql", "select 'secret'");
  const Folder folder;
  // As Kubernetes mounts a ConfigMap.
  folder.Write("..2026_11_27/orders.get.sql", "select 1");
  folder.Link("..data", "..2026_11_27");
  folder.Link("orders.get.sql", "..data/orders.get.sql");
  folder.Link("secret.get.sql", outside.Of("secret.get.sql"));
  folder.Link("up.get.sql", "../" + outside.path().substr(outside.path().rfind('/') + 1) + "/secret.get.sql");
  folder.Link("others", outside.path());
  folder.Link("loop", folder.path());
  folder.Link("nowhere.get.sql", "nothing");
  folder.Link("self.get.sql", "self.get.sql");
  EXPECT_EQ(Show(*Read(folder)),
            "nowhere.get.sql: a link that leads nowhere\n"
            "orders.get.sql\n"
            "secret.get.sql: a link out of the folder\n"
            "self.get.sql: a link that leads nowhere\n"
            "up.get.sql: a link out of the folder\n"
            "loop: a link to a folder\n"
            "others: a link to a folder\n");
}

TEST(Scan, TheFolderItselfMayBeALink) {
  const Folder folder;
  folder.Write("real/a.get.sql", "select 1");
  folder.Link("link", "real");
  EXPECT_EQ(Show(*Scan({.folder = folder.Of("link")}, nullptr, {})), "a.get.sql\n");
}

TEST(Scan, WhatIsNoFileIsNotOpened) {
  const Folder folder;
  ASSERT_EQ(mkfifo(folder.Of("pipe.get.sql").c_str(), 0600), 0);
  folder.Write("a.get.sql", "select 1");
  EXPECT_EQ(Show(*Read(folder)), "a.get.sql\npipe.get.sql: no file that can be read: a device or a pipe\n");
}

// With one descriptor left: the folder has it, its files have none.
TEST(Scan, WhatCannotBeReadKeepsItsRoute) {
  const Folder folder;
  folder.Write("a/[id].put.sql", "update a set b = 1 where id = :id");
  folder.Write("users.sql", "-- name: x\nselect 1");
  const auto set = [&] {
    const testing::DescriptorLimit limit(1);
    return Scan({.folder = folder.Of("a")}, nullptr, {});
  }();
  EXPECT_TRUE(set->found);
  EXPECT_TRUE(set->try_again);
  EXPECT_EQ(Show(*set), "[id].put.sql: it cannot be read: Too many open files\n");
  EXPECT_EQ(set->files.at(0)->queries.at(0).route.ToString(), "PUT /{id}");
  const auto none = [&] {
    const testing::DescriptorLimit limit(0);
    return Read(folder);
  }();
  EXPECT_TRUE(none->try_again);
  EXPECT_EQ(Show(*none), ": the folder cannot be read: Too many open files\n");
  EXPECT_FALSE(Read(folder)->try_again);
}

TEST(Scan, NamesThatAreNoTextAreShownSafely) {
  const Folder folder;
  folder.Write("a\x1b[31m.get.sql", "select 1");
  folder.Write("b\xff.get.sql", "select 1");
  EXPECT_EQ(Show(*Read(folder)),
            ": a name that is no text; in hexadecimal digits: 611b5b33316d2e6765742e73716c\n"
            ": a name that is no text; in hexadecimal digits: 62ff2e6765742e73716c\n");
}

TEST(Scan, WrongNamesAreSaid) {
  const Folder folder;
  folder.Write("Orders.get.sql", "select 1");
  folder.Write("orders.get.SQL", "select 1");
  EXPECT_EQ(Read(folder)->Describe(),
            "orders.get.SQL: orders.get.SQL: upper-case letters in its ending\n  name it .sql\n"
            "Orders.get.sql: Orders: upper-case letters in a route\n  name it orders\n");
}

TEST(Scan, HasLimits) {
  const Folder folder;
  for (int i = 0; i < 5; ++i) folder.Write("a" + std::to_string(i) + ".get.sql", "select 1");
  folder.Write("b/c/d.get.sql", "select 1");
  const auto problem = [&folder](ScanLimits limits) {
    const auto set = Read(folder, nullptr, limits);
    EXPECT_EQ(set->problems.size(), 1u);
    EXPECT_EQ(set->CountProblems()[static_cast<std::size_t>(ProblemKind::kLimit)], 1u);
    return set->problems.empty() ? "" : set->problems[0].path + ": " + set->problems[0].problem.message;
  };
  EXPECT_EQ(problem({.files = 4}), ": more than 4 .sql files in it");
  EXPECT_EQ(problem({.queries = 5}), ": more than 5 queries in its files");
  EXPECT_EQ(problem({.entries = 6}), ": more than 6 names in it");
  EXPECT_EQ(problem({.depth = 1}), "b/c: more than 1 folders within each other");
  EXPECT_EQ(problem({.bytes = 20}), ": more than 20 bytes in its files");
  EXPECT_EQ(Show(*Read(folder, nullptr, {.files = 6, .queries = 6, .entries = 8, .depth = 2, .bytes = 48})),
            "a0.get.sql\na1.get.sql\na2.get.sql\na3.get.sql\na4.get.sql\nb/c/d.get.sql\n");
}

TEST(Scan, AFileThatIsTooLargeIsSaidAndTheOthersGoOn) {
  const Folder folder;
  folder.Write("a.get.sql", "select '" + std::string(2 << 20, 'x') + "'");
  folder.Write("b.get.sql", "select 1");
  const auto set = Read(folder);
  EXPECT_EQ(set->Describe(), "a.get.sql: the file has more than 1 MiB\n");
  EXPECT_TRUE(set->IsSound(*set->Find("b.get.sql")));
}

TEST(Scan, WhatDidNotChangeIsTheSameObject) {
  const Folder folder;
  folder.Write("a.get.sql", "select 1");
  folder.Write("b.get.sql", "select 1");
  const auto first = Read(folder);
  folder.Write("b.get.sql", "select 2");
  const auto second = Read(folder, first.get());
  EXPECT_EQ(first->Find("a.get.sql"), second->Find("a.get.sql"));
  EXPECT_NE(first->Find("b.get.sql"), second->Find("b.get.sql"));
  EXPECT_EQ(Difference(*first, *second), Changes{.changed = {"b.get.sql"}});
  EXPECT_EQ(first->Find("b.get.sql")->text, "select 1") << "the first set is as it was";
}

TEST(Scan, SaysWhichFoldersItReadsBeforeItDoes) {
  const Folder folder;
  folder.Write("a/b.get.sql", "select 1");
  folder.Write(".hidden/b.get.sql", "select 1");
  std::string seen;
  const auto set = Scan({.folder = folder.path()}, nullptr, [&](const std::string& path) {
    seen += path.substr(folder.path().size()) + ";";
    folder.Write("late.get.sql", "select 1");
  });
  EXPECT_EQ(seen, ";/a;");
  EXPECT_NE(set->Find("late.get.sql"), nullptr);
}

}  // namespace
}  // namespace tidemill::files
