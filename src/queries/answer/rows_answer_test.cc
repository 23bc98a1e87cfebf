#include "queries/answer/rows_answer.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "queries/answer/testing/given_rows.h"
#include "queries/values/testing/described.h"

namespace tidemill::queries {
namespace {

using testing::GivenRow;
using testing::TypeOf;

const std::vector<std::pair<std::string, testing::TypePtr>> kColumns = {{"id", TypeOf("int4")},
                                                                        {"name", TypeOf("text")}};

std::string HeaderOf(const http::Response& response, std::string_view name) {
  for (const auto& [each, value] : response.headers) {
    if (each == name) return value;
  }
  return "";
}

std::shared_ptr<const AnswerPlan> PlanOf(std::string path, std::string text) {
  auto plan = AnswerPlan::Make(testing::MakeEndpoint(std::move(path), std::move(text), {.columns = kColumns}),
                               sql::Dialect::kPostgres);
  EXPECT_TRUE(plan);
  return *plan;
}

http::Response AnswerOf(const std::shared_ptr<const AnswerPlan>& plan, const TypedRequest& request,
                        const std::vector<GivenRow>& rows, const RowsAnswer::Ending& ending = {}) {
  RowsAnswer answer(plan, request);
  testing::Give(testing::RowsOf(testing::ColumnsOf(kColumns), rows), answer);
  answer.EndCall(rows.size());
  return answer.Finish(ending);
}

const std::vector<GivenRow> kTwo = {{"1", "a"}, {"2", std::nullopt}};
const std::vector<GivenRow> kOne = {{"1", "a"}};

TypedRequest Asked(Format format = Format::kJson) { return {.inputs = {{}}, .format = format}; }

TEST(RowsAnswer, TheShapeDecides) {
  struct Case {
    const char* name;
    const char* text;
    Format format;
    std::vector<GivenRow> rows;
    int status;
    std::string body;
  };
  const char* const many = "select 1";
  const char* const one = "-- @rows one\nselect 1";
  const char* const value = "-- @rows value\nselect 1";
  const Case cases[] = {
      {"many", many, Format::kJson, kTwo, 200, R"([{"id":1,"name":"a"},{"id":2,"name":null}])"},
      {"none", many, Format::kJson, {}, 200, "[]"},
      {"one", one, Format::kJson, kTwo, 200, R"({"id":1,"name":"a"})"},
      {"no one",
       one,
       Format::kJson,
       {},
       404,
       R"({"code":"TM103","message":"there is no such row","details":null,"hint":null})"},
      {"value", value, Format::kJson, kTwo, 200, "1"},
      {"no value",
       value,
       Format::kJson,
       {},
       404,
       R"({"code":"TM103","message":"there is no such row","details":null,"hint":null})"},
      {"null value", value, Format::kJson, {{std::nullopt, "a"}}, 200, "null"},
      {"singular", many, Format::kObject, kOne, 200, R"({"id":1,"name":"a"})"},
      {"singular of none",
       many,
       Format::kObject,
       {},
       406,
       R"({"code":"PGRST116","message":"Cannot coerce the result to a single JSON object",)"
       R"("details":"The result contains 0 rows","hint":null})"},
      {"singular of two", many, Format::kObject, kTwo, 406,
       R"({"code":"PGRST116","message":"Cannot coerce the result to a single JSON object",)"
       R"("details":"The result contains 2 rows","hint":null})"},
      {"lines", many, Format::kLines, kTwo, 200, "{\"id\":1,\"name\":\"a\"}\n{\"id\":2,\"name\":null}\n"},
      {"no lines", many, Format::kLines, {}, 200, ""},
      {"csv", many, Format::kCsv, kTwo, 200, "id,name\r\n1,a\r\n2,\r\n"},
      {"empty csv", many, Format::kCsv, {}, 200, "id,name\r\n"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const http::Response response = AnswerOf(PlanOf("a.get.sql", c.text), Asked(c.format), c.rows);
    EXPECT_EQ(response.status, c.status);
    EXPECT_EQ(response.body, c.body);
    if (c.status == 200) EXPECT_EQ(HeaderOf(response, "Content-Type"), ContentType(c.format));
  }
}

TEST(RowsAnswer, ABulkIsOneAnswer) {
  const auto columns = testing::ColumnsOf(kColumns);
  std::vector<sql::RunResult> results;
  results.push_back({.rows = testing::RowsOf(columns, kTwo), .rows_affected = 2});
  results.push_back({.rows = testing::RowsOf(columns, {}), .rows_affected = 1});
  results.push_back({.rows = testing::RowsOf(columns, kOne), .rows_affected = 4});
  struct Case {
    const char* rows;
    const char* body;
    const char* nothing;
  };
  const Case cases[] = {
      {"many", R"([{"id":1,"name":"a"},{"id":2,"name":null},{"id":1,"name":"a"}])", "[]"},
      {"one", R"([{"id":1,"name":"a"},null,{"id":1,"name":"a"}])", "[]"},
      {"value", "[1,null,1]", "[]"},
      {"exec", R"({"rows_affected":7})", R"({"rows_affected":0})"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.rows);
    const auto plan = PlanOf("a.post.sql", "-- @rows " + std::string(c.rows) + "\ninsert into a values (1)");
    const TypedRequest request{.inputs = {{}, {}, {}}, .bulk = true};
    RowsAnswer answer(plan, request);
    answer.Add(results);
    EXPECT_EQ(answer.Finish({}).body, c.body);
    EXPECT_EQ(RowsAnswer(plan, {.bulk = true}).Finish({}).body, c.nothing);
  }
}

TEST(RowsAnswer, InPiecesItIsTheSame) {
  const auto columns = testing::ColumnsOf(kColumns);
  std::vector<sql::RunResult> results;
  for (const std::vector<GivenRow>& rows : {kTwo, {}, kOne, kTwo}) {
    results.push_back({.rows = testing::RowsOf(columns, rows), .rows_affected = 1});
  }
  for (const char* const rows : {"many", "one", "exec"}) {
    const auto plan = PlanOf("a.post.sql", "-- @rows " + std::string(rows) + "\ninsert into a values (1)");
    const TypedRequest request{.inputs = {{}, {}, {}, {}}, .bulk = true};
    RowsAnswer whole(plan, request);
    whole.Add(results);
    RowsAnswer pieces(plan, request);
    RowsAnswer::Position at;
    int count = 1;
    while (pieces.AddSome(results, at, [] { return true; })) ++count;
    EXPECT_EQ(pieces.Finish({}).body, whole.Finish({}).body) << rows;
    EXPECT_EQ(count, std::string_view(rows) == "exec" ? 1 : 6) << "a row each";
  }
}

TEST(RowsAnswer, KnowsBeforeWhetherItWillRefuse) {
  const auto columns = testing::ColumnsOf(kColumns);
  const auto one = PlanOf("a.post.sql", "-- @rows one\ninsert into a values (1)");
  const auto many = PlanOf("a.post.sql", "-- @rows many\ninsert into a values (1)");
  TypedRequest at_most_one = Asked();
  at_most_one.preferences.max_affected = 1;
  struct Case {
    std::shared_ptr<const AnswerPlan> plan;
    TypedRequest request;
    std::vector<GivenRow> rows;
    bool refused;
  };
  const Case cases[] = {{one, Asked(), {}, true},
                        {one, Asked(), kOne, false},
                        {many, Asked(), {}, false},
                        {many, Asked(Format::kObject), kTwo, true},
                        {many, Asked(Format::kObject), kOne, false},
                        {many, at_most_one, kTwo, true},
                        {many, at_most_one, kOne, false}};
  for (const Case& c : cases) {
    const std::vector<sql::RunResult> results = {
        {.rows = testing::RowsOf(columns, c.rows), .rows_affected = c.rows.size()}};
    RowsAnswer answer(c.plan, c.request);
    EXPECT_EQ(answer.WouldRefuse(results), c.refused);
    answer.Add(results);
    EXPECT_EQ(answer.Finish({}).status > 399, c.refused);
  }
}

TEST(RowsAnswer, OfATransactionTheLastStatementGivesTheRows) {
  const auto plan = PlanOf("a.post.sql", "-- @tx\ninsert into a values (1); select 1");
  const auto columns = testing::ColumnsOf(kColumns);
  RowsAnswer answer(plan, Asked());
  answer.Add({{.rows = testing::RowsOf(columns, kTwo)}, {.rows = testing::RowsOf(columns, kOne)}});
  EXPECT_EQ(answer.Finish({}).body, R"([{"id":1,"name":"a"}])");
}

TEST(RowsAnswer, PagesHaveARangeAndLinks) {
  const auto plan = PlanOf("a.get.sql", "-- @page limit=2 max=10\n-- @sort id\nselect :status");
  struct Case {
    const char* name;
    std::uint64_t offset;
    std::vector<GivenRow> rows;
    std::optional<std::uint64_t> count;
    int status;
    std::string range;
    std::string link;
  };
  const std::vector<GivenRow> three = {{"1", "a"}, {"2", "b"}, {"3", "c"}};
  const std::string kept = "status=%27a%27&sort=id.desc&";
  const std::string next = "<?" + kept + "limit=2&offset=2>; rel=\"next\"";
  const Case cases[] = {
      {"first", 0, three, {}, 200, "0-1/*", next},
      {"first of a known number", 0, three, 3, 206, "0-1/3", next},
      {"all", 0, kTwo, 2, 200, "0-1/2", ""},
      {"last", 2, kOne, 3, 206, "2-2/3", "<?" + kept + "limit=2&offset=0>; rel=\"prev\""},
      {"within",
       1,
       three,
       {},
       200,
       "1-2/*",
       "<?" + kept + "limit=2&offset=3>; rel=\"next\", <?" + kept + "limit=2&offset=0>; rel=\"prev\""},
      {"none", 0, {}, 0, 200, "*/0", ""},
      {"at the end", 3, {}, 3, 206, "*/3", "<?" + kept + "limit=2&offset=1>; rel=\"prev\""},
      {"behind the end", 4, {}, 3, 416, "*/3", ""},
      {"behind the end, not counted", 4, {}, {}, 200, "*/*", "<?" + kept + "limit=2&offset=2>; rel=\"prev\""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    TypedRequest request = Asked();
    request.page = {.limit = 2, .offset = c.offset};
    const http::Response response =
        AnswerOf(plan, request, c.rows,
                 {.count = c.count,
                  .counted = c.count ? Count::kExact : Count::kNone,
                  .query = "api_key=secret&status='a'&offset=7&sort=id.desc&token=secret"});
    EXPECT_EQ(response.status, c.status);
    EXPECT_EQ(HeaderOf(response, "Content-Range"), c.range);
    EXPECT_EQ(HeaderOf(response, "Link"), c.link);
    if (c.status < 400) EXPECT_EQ(HeaderOf(response, "Preference-Applied"), c.count ? "count=exact" : "");
  }
}

TEST(RowsAnswer, MinimalAnswersHaveNoBody) {
  TypedRequest request = Asked();
  request.preferences.answer = Return::kMinimal;
  const http::Response write =
      AnswerOf(PlanOf("a.post.sql", "insert into a values (1) returning *"), request, kOne);
  EXPECT_EQ(write.status, 204);
  EXPECT_EQ(write.body, "");
  EXPECT_EQ(HeaderOf(write, "Preference-Applied"), "return=minimal");
  EXPECT_EQ(AnswerOf(PlanOf("a.get.sql", "select 1"), request, kOne).status, 200);
}

TEST(RowsAnswer, WhatChangesMoreThanItMayIsRefused) {
  const auto plan = PlanOf("a.post.sql", "-- @rows exec\nupdate a set b = 1");
  TypedRequest request = Asked();
  request.preferences = {.max_affected = 2, .strict = true};
  EXPECT_TRUE(MayRefuseAfterwards(*plan->endpoint, request));
  EXPECT_EQ(AnswerOf(plan, request, kTwo).status, 200);
  EXPECT_EQ(HeaderOf(AnswerOf(plan, request, kTwo), "Preference-Applied"), "max-affected=2, handling=strict");
  request.preferences.max_affected = 1;
  const http::Response refused = AnswerOf(plan, request, kTwo);
  EXPECT_EQ(refused.status, 400);
  EXPECT_TRUE(refused.body.starts_with(R"({"code":"TM110",)"));
}

TEST(RowsAnswer, WhatMayChangeRowsAndGiveNoneIsLookedAtBeforeItsCommit) {
  struct Case {
    const char* statement;
    bool may_refuse;
  };
  const Case cases[] = {
      {"insert into a values (1) returning b", false},
      {"update a set b = (select 1) where c = 2 returning b", false},
      {"delete from a where b in (select b from c) returning b", false},
      {"with i as (insert into a values (1) returning b) select b from i where b > 1", true},
      {"with i as (delete from a returning b) update c set b = 1 returning b", true},
      {"insert into a with d as (delete from c returning b) select b from d returning b", true},
      {"select * from do_it(1)", true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.statement);
    const auto endpoint = [&](const std::string& tags) {
      auto made = std::make_shared<Endpoint>(
          *testing::MakeEndpoint("a.post.sql", tags + c.statement, {.columns = kColumns}));
      made->access = sql::Access::kWrite;
      return made;
    };
    EXPECT_EQ(MayRefuseAfterwards(*endpoint("-- @rows one\n"), Asked()), c.may_refuse);
    EXPECT_EQ(MayRefuseAfterwards(*endpoint("-- @rows value\n"), Asked()), c.may_refuse);
    EXPECT_FALSE(MayRefuseAfterwards(*endpoint(""), Asked()));
  }
}

TEST(RowsAnswer, AKeysetGoesOnBehindItsLastRow) {
  const auto plan = PlanOf("a.get.sql", "-- @page keyset name,id desc limit=2 max=10\nselect :status");
  TypedRequest request = Asked();
  request.page = {.limit = 2};
  const std::vector<GivenRow> three = {{"9", "x"}, {"8", "y, \"z\""}, {"7", "z"}};
  const http::Response response = AnswerOf(plan, request, three, {.query = "status=a"});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"([{"id":9,"name":"x"},{"id":8,"name":"y, \"z\""}])");
  EXPECT_EQ(HeaderOf(response, "Content-Range"), "");
  const std::string link = HeaderOf(response, "Link");
  const std::string before = "<?status=a&limit=2&cursor=";
  ASSERT_TRUE(link.starts_with(before)) << link;
  const std::string query = link.substr(2, link.find('>') - 2);
  const auto reader = RequestReader::Make(plan->endpoint, sql::Dialect::kPostgres);
  testing::Asking asking{.query = query};
  const auto follows = (*reader)->Read(asking.Get(), "");
  ASSERT_TRUE(follows);
  EXPECT_EQ(follows->page->after, (sql::Parameters{std::string("y, \"z\""), std::string("8")}));

  EXPECT_EQ(HeaderOf(AnswerOf(plan, request, kTwo, {}), "Link"), "");
  EXPECT_EQ(HeaderOf(AnswerOf(plan, request, kTwo, {.count = 9}), "Content-Range"), "*/9");
  const http::Response null = AnswerOf(plan, request, {{"1", "a"}, {"2", std::nullopt}, {"3", "c"}}, {});
  EXPECT_EQ(null.status, 500);
  EXPECT_TRUE(null.body.starts_with(R"({"code":"TM112",)"));
}

}  // namespace
}  // namespace tidemill::queries
