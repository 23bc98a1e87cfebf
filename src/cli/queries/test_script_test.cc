#include "cli/queries/test_script.h"

#include <gtest/gtest.h>

#include "cli/queries/json_match.h"

namespace tidemill::cli {
namespace {

using Lines = std::vector<std::string>;

Lines Problems(std::string_view text) {
  Lines said;
  const files::Lines lines(text);
  for (const files::Problem& problem : ReadTestScript(text, sql::Dialect::kPostgres).problems) {
    said.push_back(std::to_string(lines.Of(problem.where.begin).line) + " " + problem.message);
  }
  return said;
}

TEST(ReadTestScript, StatementsAndRunsWithWhatIsExpected) {
  const TestScript script = ReadTestScript(
      "-- Set-up.\ninsert into a values (1);\n"
      "-- One.\nselect true;\n"
      "-- @expect rows 2\nselect 1;\n"
      "-- Two.\n-- @run GET /a/{id} id=5 name='Ann ''A'' Lee' x=\n-- @expect [{\"a\": 1},\n--   {\"a\": 2}]\n"
      "-- @run a.post.sql\n"
      "-- Three.\n-- @run get_a\n-- @expect error 23505\n"
      "update a set b = ':c'",
      sql::Dialect::kPostgres);
  ASSERT_TRUE(script.problems.empty()) << script.problems.front().message;
  ASSERT_EQ(script.steps.size(), 7u);
  EXPECT_EQ(script.steps[0].expects.what, Expected::kSuccess);
  EXPECT_EQ(script.steps[1].name, "One.");
  EXPECT_EQ(script.steps[1].expects.what, Expected::kTrue);
  EXPECT_EQ(script.steps[2].expects.what, Expected::kCount);
  EXPECT_EQ(script.steps[2].expects.text, "2");
  EXPECT_EQ(script.steps[3].name, "Two.");
  EXPECT_EQ(script.steps[3].endpoint, "GET /a/{id}");
  EXPECT_EQ(script.steps[3].values, (Assignments{{"id", "5"}, {"name", "Ann 'A' Lee"}, {"x", ""}}));
  EXPECT_EQ(script.steps[3].expects.text, "[{\"a\": 1},\n{\"a\": 2}]");
  EXPECT_EQ(script.steps[4].endpoint, "a.post.sql");
  EXPECT_EQ(script.steps[4].expects.what, Expected::kSuccess);
  EXPECT_EQ(script.steps[5].expects.what, Expected::kError);
  EXPECT_EQ(script.steps[5].expects.text, "23505");
  EXPECT_EQ(script.steps[6].statement->sql.text, "update a set b = ':c'");
}

TEST(ReadTestScript, WhatIsRefused) {
  EXPECT_EQ(Problems(""), Lines{"1 the file has no statement and no @run"});
  EXPECT_EQ(Problems("begin;\nselect 1"), Lines{"1 every test file is a transaction of its own"});
  EXPECT_EQ(Problems("-- @expct true\nselect 1"), Lines{"1 unknown tag @expct"});
  EXPECT_EQ(Problems("-- @expect maybe\nselect 1"), Lines{"1 this cannot be expected"});
  EXPECT_EQ(Problems("-- @expect rows many\nselect 1"), Lines{"1 this cannot be expected"});
  EXPECT_EQ(Problems("-- @expect [1\nselect 1"), Lines{"2 what is expected of it is no JSON"});
  EXPECT_EQ(Problems("-- @run\nselect 1"), Lines{"1 @run of what?"});
  EXPECT_EQ(Problems("-- @run a b\nselect 1"), Lines{"1 \"b\" is no NAME=VALUE"});
  EXPECT_EQ(Problems("select 1;\n-- @expect true"), Lines{"2 nothing follows that this is expected of"});
  EXPECT_EQ(Problems("-- @expect true\n-- @expect none\nselect 1"),
            Lines{"2 a second @expect of the same statement"});
}

TEST(WhyNotJson, NamesThePlace) {
  EXPECT_EQ(WhyNotJson("[{\"a\":1}]", "[{\"a\":1.0,\"b\":[]}]"), "");
  EXPECT_EQ(WhyNotJson("[{\"a\":\"\\u0041\"}]", "[{\"a\":\"A\"}]"), "");
  EXPECT_EQ(WhyNotJson("[{\"a\":1}]", "[{\"a\":2}]"), "[0].a is 2, not 1");
  EXPECT_EQ(WhyNotJson("[{\"a\":1}]", "[{\"b\":2}]"), "[0].a is not there");
  EXPECT_EQ(WhyNotJson("[]", "[1]"), "it has 1 elements, not 0");
  EXPECT_EQ(WhyNotJson("[{\"a\":{\"b\":[1,2]}}]", "[{\"a\":{\"b\":[1,3]}}]"), "[0].a.b[1] is 3, not 2");
  EXPECT_EQ(WhyNotJson("{\"a\":null}", "{\"a\":\"null\"}"), "a is \"null\", not null");
  EXPECT_EQ(WhyNotJson("1", "\"1\""), "it is \"1\", not 1");
}

}  // namespace
}  // namespace tidemill::cli
