#include "queries/catalog/chart_check.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tidemill::queries {
namespace {

using sql::Kind;

struct Column {
  const char* name;
  Kind kind;
  const char* type;
};

// The query as a database that knows these columns describes it.
std::string Problem(const std::string& tags, const std::vector<Column>& columns) {
  Endpoint endpoint;
  endpoint.file = std::make_shared<const files::File>(
      files::LoadFile("sales.get.sql", tags + "select 1", sql::Dialect::kPostgres));
  for (const auto& problem : endpoint.file->problems) ADD_FAILURE() << problem.message;
  endpoint.query = &endpoint.file->queries.at(0);
  for (const Column& each : columns) {
    auto type = std::make_shared<sql::Type>();
    type->kind = each.kind;
    type->name = each.type;
    endpoint.columns.push_back({.name = each.name, .type = std::move(type), .doc = {}});
  }
  const auto found = CheckCharts(endpoint);
  return found ? files::Describe(endpoint.file->path, endpoint.file->text, *found) : "";
}

TEST(CheckCharts, WantsColumnsThatTheResultHas) {
  const std::vector<Column> columns = {{"time", Kind::kTimestampTz, "timestamptz"},
                                       {"value", Kind::kNumeric, "numeric"},
                                       {"region", Kind::kText, "text"},
                                       {"note", Kind::kText, "text"},
                                       {"note", Kind::kText, "text"},
                                       {"of SQLite", Kind::kText, ""}};
  struct Case {
    const char* tags;
    const char* want;  // "": it can be drawn
  };
  const Case cases[] = {
      {"", ""},
      {"-- @chart table\n", ""},
      {"-- @chart line x=time y=value series=region\n", ""},
      {"-- @chart bar x=region y=value\n", ""},
      {"-- @chart number y=\"of SQLite\"\n", ""},
      {"-- @chart line x=at y=value\n", "sales.get.sql:1:4: @chart line x=at: the result has no such column"},
      {"-- @chart line x=time y=value,valeu\n",
       "sales.get.sql:1:4: @chart line y=valeu: the result has no such column"},
      {"-- @chart table\n-- @chart area x=time y=value series=note\n",
       "sales.get.sql:2:4: @chart area series=note: the result has it more than once"},
      {"-- @chart number y=region\n",
       "sales.get.sql:1:4: @chart number y=region: its type is text, and it is drawn as a number"},
      {"-- @chart number y=value before=time\n",
       "sales.get.sql:1:4: @chart number before=time: its type is timestamptz, and it is drawn as a number"},
      {"-- @chart table columns=time,nothing\n",
       "sales.get.sql:1:4: @chart table columns=nothing: the result has no such column"},
      {"-- @chart pie x=region y=note\n",
       "sales.get.sql:1:4: @chart pie y=note: the result has it more than once"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.tags);
    const std::string problem = Problem(c.tags, columns);
    EXPECT_TRUE(problem.starts_with(c.want)) << problem;
    if (*c.want == '\0') {
      EXPECT_EQ(problem, "");
    } else {
      EXPECT_TRUE(problem.contains("the result has: time, value, region, note, note, of SQLite")) << problem;
    }
  }
}

}  // namespace
}  // namespace tidemill::queries
