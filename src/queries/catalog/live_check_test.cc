#include "queries/catalog/live_check.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "queries/catalog/words_of.h"

namespace tidemill::queries {
namespace {

// The query as a database that knows these columns describes it.
struct Described {
  Described(std::string text, const std::vector<std::string>& columns) {
    endpoint.file = std::make_shared<const files::File>(
        files::LoadFile("orders.get.sql", std::move(text), sql::Dialect::kPostgres));
    for (const auto& problem : endpoint.file->problems) ADD_FAILURE() << problem.message;
    endpoint.query = &endpoint.file->queries.at(0);
    for (const std::string& name : columns) endpoint.columns.push_back({.name = name, .type = {}, .doc = {}});
    for (const auto& each : endpoint.query->statements) {
      endpoint.statements.push_back({.sql = sql::Statement(each.sql.text), .parameters = each.parameters});
    }
  }
  std::string Problem() const {
    const auto found = CheckLive(endpoint, sql::Dialect::kPostgres);
    return found ? files::Describe(endpoint.file->path, endpoint.file->text, *found) : "";
  }
  Endpoint endpoint;
};

TEST(CheckLive, WantsAKeyThatTheResultHas) {
  struct Case {
    const char* tags;
    const char* want;  // "": it can be followed
  };
  const Case cases[] = {
      {"-- @live key=id\n", ""},
      {"-- @live key=id,status\n", ""},
      {"-- @rows one\n-- @live\n", ""},
      {"", ""},
      {"-- @live\n", "orders.get.sql:1:4: @live without key=: which columns tell the rows apart?"},
      {"-- @live key=idd\n", "orders.get.sql:1:4: @live key=idd: the result has no such column"},
      {"-- @live key=note\n", "orders.get.sql:1:4: @live key=note: the result has it more than once"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.tags);
    const Described described(std::string(c.tags) + "select 1", {"id", "status", "note", "note"});
    const std::string problem = described.Problem();
    EXPECT_TRUE(problem.starts_with(c.want)) << problem;
    if (*c.want == '\0') {
      EXPECT_EQ(problem, "");
    } else {
      EXPECT_TRUE(problem.contains("the result has: id, status, note, note")) << problem;
    }
  }
}

TEST(CheckLive, RefusesWhatChangesWithoutAWrite) {
  const std::string where = "select id from a where at > now() - interval '1 day'";
  EXPECT_TRUE(Described("-- @live key=id\n" + where, {"id"}).Problem().contains("without a write, by now"));
  EXPECT_EQ(Described("-- @live poll=2s key=id\n" + where, {"id"}).Problem(), "");
}

TEST(FindMoving, KnowsCallsFromNames) {
  const auto in_postgres = [](const char* text) { return FindMoving(text, sql::Dialect::kPostgres); };
  EXPECT_EQ(in_postgres("select now, age, random from a where changes > 1"), "");
  EXPECT_EQ(in_postgres("select 'now()' -- now()\n"), "");
  EXPECT_EQ(in_postgres("select RANDOM ( )"), "random");
  EXPECT_EQ(in_postgres("select * from a where day = current_date"), "current_date");
  EXPECT_EQ(in_postgres("select 'now'"), "");
  EXPECT_EQ(in_postgres("select date(), time()"), "");
  const auto in_sqlite = [](const char* text) { return FindMoving(text, sql::Dialect::kSqlite); };
  EXPECT_EQ(in_sqlite("select datetime('NOW')"), "'now'");
  EXPECT_EQ(in_sqlite("select * from a where at > unixepoch()"), "unixepoch");
  EXPECT_EQ(in_sqlite("select datetime ( )"), "datetime");
  EXPECT_EQ(in_sqlite("select julianday(at), date(time(now)), date from a"), "");
  EXPECT_EQ(in_sqlite("select date(datetime())"), "datetime");
}

}  // namespace
}  // namespace tidemill::queries
