#include "cli/queries/queries_check.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/testing/temporary_folder.h"
#include "cli/testing/ran.h"

namespace tidemill::cli {
namespace {

using testing::Ran;

class QueriesCheckTest : public ::testing::Test {
 protected:
  QueriesCheckTest() {
    Write("migrations/0001_items.sql", "create table items (id integer primary key, name text not null)");
    Write("items.get.sql", "-- All items.\n-- @auth none\nselect id, name from items");
  }
  Ran Queries(std::vector<std::string> words) {
    words.insert(words.begin(), "queries");
    words.push_back("--folder=" + folder_.path() + "/q");
    return testing::RunProgram(std::move(words));
  }
  std::string At(const std::string& name) const { return folder_.path() + "/q/" + name; }
  void Write(const std::string& name, std::string_view text) const {
    const std::filesystem::path path = At(name);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  const tidemill::testing::TemporaryFolder folder_;
};

TEST_F(QueriesCheckTest, WhatIsSoundPassesWithoutADatabase) {
  const Ran ran = Queries({"check"});
  EXPECT_EQ(ran.code, kDone) << ran.err;
  EXPECT_EQ(ran.out, "1 sound endpoint, no problems\n");
}

TEST_F(QueriesCheckTest, WhatTheParserAndTheDatabaseSayIsShownInItsPlace) {
  Write("a.get.sql", "-- @auht none\nselect 1");
  Write("b.get.sql", "-- @auth none\nselect nope from items");
  Write("c.get.sql", "select 1");
  const Ran ran = Queries({"check"});
  EXPECT_EQ(ran.code, kFailed);
  EXPECT_TRUE(ran.out.starts_with(At("a.get.sql") + ":1:4: unknown tag @auht\n")) << ran.out;
  EXPECT_NE(ran.out.find("\n" + At("b.get.sql") +
                         ":2:8: no such column: nope\n  select nope from items\n"
                         "         ^~~~\n"),
            std::string::npos)
      << ran.out;
  EXPECT_NE(ran.out.find("GET /c: nothing says who may call it"), std::string::npos) << ran.out;
  EXPECT_TRUE(ran.out.ends_with("1 sound endpoint, 3 problems\n")) << ran.out;
  EXPECT_TRUE(Queries({"check", "--dev"}).out.ends_with("2 sound endpoints, 2 problems\n"));
}

TEST_F(QueriesCheckTest, JsonHasPlacesAndHints) {
  Write("b.get.sql", "-- @auth none\nselect nope from items");
  Write("c.get.sql", "select 1");
  const Ran ran = Queries({"check", "--json"});
  EXPECT_EQ(ran.out,
            "{\"database\":\"sqlite\",\"endpoints\":1,\"pending\":0,\"problems\":[{\"file\":\"" +
                At("b.get.sql") +
                "\",\"line\":2,\"column\":8,\"end_line\":2,\"end_column\":12,\"kind\":\"database\","
                "\"message\":\"no such column: nope\",\"hint\":\"\"},{\"file\":\"" +
                At("c.get.sql") +
                "\",\"line\":0,\"column\":0,\"end_line\":0,\"end_column\":0,\"kind\":\"database\","
                "\"message\":\"GET /c: nothing says who may call it\",\"hint\":\"-- @auth none, "
                "-- @auth claims:sub for whoever has a token, or -- @auth role:NAME\"}],\"live\":[]}\n");
}

TEST_F(QueriesCheckTest, SaysWhichChangesALiveQueryIsAskedFor) {
  Write("live.get.sql",
        "-- @auth none\n-- @live key=id\n-- @param name text\nselect id from items where name = :name");
  EXPECT_EQ(Queries({"check"}).out,
            At("live.get.sql") +
                ": live; asked anew when any row of its tables changes: SQLite does not tell "
                "which rows another process has changed\n2 sound endpoints, no problems\n");
  const std::string json = Queries({"check", "--json"}).out;
  EXPECT_TRUE(json.contains("\"keyed_by\":\"\",\"why_not_keyed\":\"SQLite does not tell")) << json;
}

TEST_F(QueriesCheckTest, AMigrationThatFailsIsWhatIsShown) {
  Write("migrations/0002_wrong.sql", "alter table missing add column a");
  const Ran ran = Queries({"check"});
  EXPECT_EQ(ran.code, kFailed);
  EXPECT_TRUE(ran.out.starts_with(At("migrations/0002_wrong.sql") + ":1:1: no such table: missing"))
      << ran.out;
}

TEST_F(QueriesCheckTest, ADatabaseWithoutTheMigrationsIsToldOf) {
  const std::string database = "--storage.sqlite.path=" + folder_.path() + "/a.db";
  EXPECT_NE(Queries({"check", database}).err.find("cannot be opened"), std::string::npos);
  testing::RunProgram({"migrate", "up", "--folder=" + folder_.path() + "/q", database});
  EXPECT_EQ(Queries({"check", database}).out, "1 sound endpoint, no problems\n");
  Write("migrations/0002_more.sql", "alter table items add column amount integer");
  const Ran ran = Queries({"check", database});
  EXPECT_EQ(ran.code, kFailed);
  EXPECT_EQ(ran.out,
            "1 migration is pending: endpoints were looked at without it; tidemill migrate up\n"
            "1 sound endpoint, 1 problem\n");
}

TEST_F(QueriesCheckTest, ListsWithoutADatabase) {
  const Ran ran = Queries({"list"});
  EXPECT_EQ(ran.out,
            "METHOD  PATH         AUTH  FILE           WHAT\n"
            "GET     /rest/items  none  items.get.sql  All items.\n");
}

}  // namespace
}  // namespace tidemill::cli
