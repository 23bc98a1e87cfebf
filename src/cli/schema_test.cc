#include "cli/schema.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "base/testing/temporary_folder.h"
#include "cli/testing/ran.h"
#include "sql/testing/crate_schema.h"
#include "sqlite/metrics.h"
#include "sqlite/store.h"

namespace tidemill::cli {
namespace {

using testing::Ran;

class SchemaCommandTest : public ::testing::Test {
 protected:
  Ran Schema(std::vector<std::string> words, std::size_t versions = 3) {
    words.insert(words.begin(), "schema");
    words.push_back("--storage.sqlite.path=" + path());
    words.push_back("--log.level=error");
    return testing::RunProgram(std::move(words), {sql::testing::CrateSchema(versions)});
  }
  std::string path() const { return folder_.path() + "/a.db"; }

 private:
  const tidemill::testing::TemporaryFolder folder_;
};

TEST_F(SchemaCommandTest, StatusMakesNoDatabase) {
  const Ran status = Schema({"status"});
  EXPECT_EQ(status.code, kFailed);
  EXPECT_EQ(status.err,
            "tidemill: storage.sqlite.path = " + path() + ": cannot be opened: No such file or directory\n");
  EXPECT_NE(::access(path().c_str(), F_OK), 0);
  EXPECT_NE(::access((path() + ".lock").c_str(), F_OK), 0);
}

TEST_F(SchemaCommandTest, StatusIsReadBesideAServer) {
  ASSERT_EQ(Schema({"apply"}).code, kDone);
  metrics::Registry registry;
  sqlite::Metrics metrics(registry);
  const auto server = sqlite::Store::Open({.path = path()}, metrics);
  ASSERT_TRUE(server) << server.error().detail;
  const Ran status = Schema({"status"});
  EXPECT_EQ(status.code, kDone) << status.err;
  EXPECT_TRUE(status.out.contains("crates  current        3      3")) << status.out;
  const Ran apply = Schema({"apply"});
  EXPECT_EQ(apply.code, kFailed);
  EXPECT_TRUE(apply.err.contains("a database is for one server")) << apply.err;
}

TEST_F(SchemaCommandTest, AppliesWhatIsMissingAndSaysWhereItStands) {
  std::ofstream(path()).close();  // an empty file is an empty database
  const Ran before = Schema({"status"});
  EXPECT_EQ(before.code, kDone) << before.err;
  EXPECT_EQ(before.out, "MODULE  STATE    APPLIED  KNOWN  LAST\ncrates  pending        0      3\n");
  const Ran first = Schema({"apply"}, 1);
  EXPECT_EQ(first.out, "module crates: version 1 applied\n") << first.err;
  const Ran rest = Schema({"apply"});
  EXPECT_EQ(rest.out, "module crates: version 2 applied\nmodule crates: version 3 applied\n") << rest.err;
  EXPECT_EQ(Schema({"apply"}).out, "nothing is missing\n");
  const Ran after = Schema({"status", "--json"});
  EXPECT_EQ(after.code, kDone);
  EXPECT_TRUE(after.out.starts_with(
      "{\"database\":\"sqlite\",\"modules\":[{\"module\":\"crates\",\"state\":\"current\","
      "\"applied\":3,\"known\":3,\"applied_at\":\"20"))
      << after.out;
}

TEST_F(SchemaCommandTest, ANewerSchemaIsAFailure) {
  ASSERT_EQ(Schema({"apply"}).code, kDone);
  const Ran status = Schema({"status"}, 2);
  EXPECT_EQ(status.code, kFailed);
  EXPECT_NE(status.out.find("module crates: the database is at version 3, by "), std::string::npos)
      << status.out;
  const Ran apply = Schema({"apply"}, 2);
  EXPECT_EQ(apply.code, kFailed);
  EXPECT_TRUE(apply.err.starts_with("tidemill: module crates: the database is at version 3")) << apply.err;
}

TEST_F(SchemaCommandTest, PrintsScripts) {
  const Ran sqlite = Schema({"print"});
  EXPECT_EQ(sqlite.code, kDone) << sqlite.err;
  EXPECT_NE(sqlite.out.find("module crates, for sqlite3\n.bail on\n"), std::string::npos) << sqlite.out;
  const Ran postgres = Schema({"print", "crates", "--after", "2", "--database", "postgres"});
  EXPECT_NE(postgres.out.find("\n-- version 3\n"), std::string::npos) << postgres.out;
  EXPECT_EQ(postgres.out.find("\n-- version 2\n"), std::string::npos);
  EXPECT_NE(postgres.out.find("create schema if not exists \"tidemill\""), std::string::npos);
  EXPECT_EQ(Schema({"print", "boats"}).err, "tidemill: there is no module boats with tables\n");
  EXPECT_EQ(Schema({"print", "--after", "x"}).code, kMisused);
}

TEST(SchemaCommand, SaysWhatIsNotConfigured) {
  EXPECT_EQ(testing::RunProgram({"schema", "status"}, {}).err,
            "tidemill: there is no database: set storage.postgres.url or storage.sqlite.path\n");
  EXPECT_EQ(testing::RunProgram({"schema", "status", "--database", "postgres"}, {}).err,
            "tidemill: storage.postgres.url is not set\n");
  EXPECT_EQ(
      testing::RunProgram(
          {"schema", "status", "--storage.sqlite.path=/tmp/a", "--storage.postgres.url=host=localhost"}, {})
          .err,
      "tidemill: two databases are set: say which with --database postgres or sqlite\n");
  EXPECT_EQ(testing::RunProgram(
                {"schema", "apply", "--storage.postgres.url=postgres://127.0.0.1:1/x?connect_timeout=1"}, {})
                .code,
            kFailed);
}

}  // namespace
}  // namespace tidemill::cli
