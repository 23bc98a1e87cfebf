#include "cli/queries/migrate.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/testing/temporary_folder.h"
#include "cli/testing/ran.h"

namespace tidemill::cli {
namespace {

using testing::Ran;

class MigrateTest : public ::testing::Test {
 protected:
  Ran Migrate(std::vector<std::string> words) {
    words.insert(words.begin(), "migrate");
    words.push_back("--folder=" + Queries());
    words.push_back("--storage.sqlite.path=" + folder_.path() + "/a.db");
    return testing::RunProgram(std::move(words));
  }
  std::string Queries() const { return folder_.path() + "/queries"; }
  void Write(const std::string& name, std::string_view text) const {
    const std::filesystem::path path = Queries() + "/migrations/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }

 private:
  const tidemill::testing::TemporaryFolder folder_;
};

TEST_F(MigrateTest, AppliesWhatIsPendingAndSaysWhereItStands) {
  Write("0001_orders.sql", "create table orders (id integer primary key)");
  Write("0002_more.sql", "alter table orders add column amount integer");
  const Ran first = Migrate({"up"});
  EXPECT_EQ(first.code, kDone) << first.err;
  EXPECT_TRUE(first.out.starts_with("migrations/0001_orders.sql: applied in ")) << first.out;
  EXPECT_TRUE(Migrate({"up"}).out.starts_with("nothing is pending (SQLite, ")) << Migrate({"up"}).out;
  Write("0003_next.sql", "create table next (id integer)");
  const Ran status = Migrate({"status"});
  EXPECT_EQ(status.code, kDone) << status.err;
  EXPECT_TRUE(status.out.starts_with("NUMBER  NAME    STATE    APPLIED\n     1  orders  applied  20"))
      << status.out;
  EXPECT_TRUE(status.out.ends_with("     3  next    pending\n")) << status.out;
}

TEST_F(MigrateTest, WhatFailsIsShownInItsFile) {
  Write("0001_orders.sql", "create table orders (id integer primary key)");
  Write("0002_wrong.sql", "create table other (id integer);\nselect nope from orders");
  const Ran ran = Migrate({"up"});
  EXPECT_EQ(ran.code, kFailed);
  EXPECT_TRUE(ran.out.starts_with("migrations/0001_orders.sql: applied in ")) << ran.out;
  EXPECT_EQ(ran.err, Queries() +
                         "/migrations/0002_wrong.sql:2:8: no such column: nope (SQLITE_ERROR)\n"
                         "  select nope from orders\n         ^~~~\n"
                         "tidemill: the rest was not applied\n");
  const Ran json = Migrate({"up", "--json"});
  EXPECT_EQ(json.code, kFailed);
  EXPECT_EQ(json.out, "{\"database\":\"sqlite\",\"applied\":[],\"problems\":[{\"file\":\"" + Queries() +
                          "/migrations/0002_wrong.sql\",\"line\":2,\"column\":8,\"end_line\":2,"
                          "\"end_column\":12,\"kind\":\"migration\","
                          "\"message\":\"no such column: nope (SQLITE_ERROR)\",\"hint\":\"\"}]}\n");
}

TEST_F(MigrateTest, WhatChangedIsRefusedByName) {
  Write("0001_orders.sql", "create table orders (id integer primary key)");
  ASSERT_EQ(Migrate({"up"}).code, kDone);
  Write("0001_orders.sql", "create table orders (id integer primary key, x text)");
  for (const char* command : {"up", "status"}) {
    const Ran ran = Migrate({command});
    EXPECT_EQ(ran.code, kFailed);
    EXPECT_NE(ran.err.find("/migrations/0001_orders.sql: it was changed after it had been applied"),
              std::string::npos)
        << ran.err;
  }
}

TEST_F(MigrateTest, NewMakesTheNextNumber) {
  const auto make = [this](const char* name) {
    return testing::RunProgram({"migrate", "new", name, "--folder=" + Queries()});
  };
  EXPECT_EQ(make("Add orders").out, Queries() + "/migrations/0001_add_orders.sql\n");
  EXPECT_EQ(make("more").out, Queries() + "/migrations/0002_more.sql\n");
  const Ran wrong = make("a.b");
  EXPECT_EQ(wrong.code, kFailed);
  EXPECT_EQ(wrong.err, "tidemill: \"a.b\" is no name of a migration: a-z, 0-9 and _ are\n");
  Write("0007_gap.sql", "select 1");
  EXPECT_NE(make("later").err.find("3 to 6 are missing before it"), std::string::npos);
}

TEST_F(MigrateTest, WithoutAFolderItSaysWhatToDo) {
  const Ran ran = Migrate({"up"});
  EXPECT_EQ(ran.code, kFailed);
  EXPECT_TRUE(ran.err.starts_with("tidemill: there is no folder ")) << ran.err;
}

}  // namespace
}  // namespace tidemill::cli
