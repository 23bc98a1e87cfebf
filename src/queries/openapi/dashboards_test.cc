#include "queries/openapi/dashboards.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "queries/openapi/openapi.h"
#include "queries/values/testing/described.h"

namespace tidemill::queries {
namespace {

using testing::MakeEndpoint;
using testing::TypeOf;

std::shared_ptr<const Endpoint> Sales() {
  return MakeEndpoint(
      "sales/by_hour.get.sql",
      "-- Sales by hour.\n-- Of one region.\n-- @auth claims:sub\n-- @live key=hour\n"
      "-- @param region text = 'eu' \"which\"\n-- @param days int!\n-- @param sub text claim\n"
      "-- @chart line x=hour y=total title=\"A <b>title</b>\" unit=EUR\n-- @chart table\n"
      "select hour, total from sales where region = :region and day > :days and sub = :sub",
      {.parameters = {{"days", TypeOf("int4")}},
       .columns = {{"hour", TypeOf("timestamptz")}, {"total", TypeOf("numeric")}}});
}

std::shared_ptr<const Endpoint> Of(const char* path, const char* tags) {
  return MakeEndpoint(path, std::string(tags) + "\nselect 1 as n", {.columns = {{"n", TypeOf("")}}});
}

const auto kEverybody = [](const files::Auth&) { return true; };

TEST(Dashboards, SayAllThatAPageNeeds) {
  const Dashboards dashboards({Sales()}, {}, sql::Dialect::kPostgres);
  const std::string json = dashboards.ToJson("42", kEverybody);
  EXPECT_TRUE(IsJson(json)) << json;
  EXPECT_EQ(
      json,
      R"({"database":"postgresql","user":"42","dashboards":[{"folder":"sales","queries":[{"id":"tested",)"
      R"("path":"/sales/by_hour","file":"sales/by_hour.get.sql","summary":"Sales by hour.",)"
      R"("description":"Of one region.","rows":"many","live":true,"everybody":false,"parameters":[)"
      R"({"name":"region","in":"query","required":false,"description":"which","default":"eu","kind":"text",)"
      R"("schema":{"type":"string"}},{"name":"days","in":"query","required":true,"kind":"number",)"
      R"("schema":{"type":"integer","format":"int32","minimum":-2147483648,"maximum":2147483647}}],)"
      R"("columns":[{"name":"hour","kind":"timestamptz","type":"timestamptz"},)"
      R"({"name":"total","kind":"number","type":"numeric"}],)"
      R"("charts":[{"kind":"line","x":"hour","y":["total"],"title":"A <b>title</b>","unit":"EUR"},)"
      R"({"kind":"table"}]}]}],"broken":[]})");
}

TEST(Dashboards, AreOfFoldersAndLeaveOutWhatHasNoChart) {
  const Dashboards dashboards({Of("b/x.get.sql", "-- @chart table"), Of("a.get.sql", "-- @chart table"),
                               Of("b/y.get.sql", ""), Of("b/c/z.get.sql", "-- @chart number y=n")},
                              {}, sql::Dialect::kSqlite);
  const std::string json = dashboards.ToJson("", kEverybody);
  EXPECT_TRUE(IsJson(json)) << json;
  const std::size_t top = json.find(R"({"folder":"","queries":[)");
  const std::size_t b = json.find(R"({"folder":"b","queries":[)");
  const std::size_t bc = json.find(R"({"folder":"b/c","queries":[)");
  EXPECT_LT(top, b);
  EXPECT_LT(b, bc);
  EXPECT_LT(bc, std::string::npos);
  EXPECT_FALSE(json.contains("b/y.get.sql"));
  EXPECT_TRUE(Dashboards({Of("b/y.get.sql", "")}, {}, sql::Dialect::kSqlite).empty());
}

TEST(Dashboards, ShowNobodyWhatRefusesThem) {
  const Dashboards dashboards({Of("a.get.sql", "-- @auth none\n-- @chart table"),
                               Of("staff/b.get.sql", "-- @auth role:staff\n-- @chart table"),
                               Of("staff/c.get.sql", "-- @auth role:staff\n-- @chart table")},
                              {}, sql::Dialect::kSqlite);
  int asked = 0;
  const std::string json = dashboards.ToJson("", [&](const files::Auth& auth) {
    ++asked;
    return !auth.required;
  });
  EXPECT_TRUE(IsJson(json)) << json;
  EXPECT_TRUE(json.contains("a.get.sql"));
  EXPECT_FALSE(json.contains("staff")) << json;
  EXPECT_EQ(asked, 2);
}

TEST(Dashboards, TellWhatIsBroken) {
  const Dashboards dashboards({}, {{.route = {}, .path = "a.get.sql", .reason = "a.get.sql:1:4: why"}},
                              sql::Dialect::kSqlite);
  EXPECT_TRUE(dashboards.ToJson("", kEverybody)
                  .ends_with(R"("broken":[{"file":"a.get.sql","reason":"a.get.sql:1:4: why"}]})"));
}

TEST(Dashboards, StandInTheDocumentOnceThereIsOne) {
  const auto document = [](std::shared_ptr<const Endpoint> endpoint) {
    return OpenApiDocument(
        {.files = std::make_shared<const files::FileSet>(), .endpoints = {std::move(endpoint)}}, {});
  };
  EXPECT_TRUE(IsJson(document(Sales())));
  EXPECT_TRUE(document(Sales()).contains(R"("/dashboards.json")"));
  EXPECT_FALSE(document(Of("b/y.get.sql", "")).contains("dashboards"));
}

}  // namespace
}  // namespace tidemill::queries
