#include "outbox/sqlite_functions.h"

#include <gtest/gtest.h>

#include "jobs/job/job.h"

namespace tidemill::outbox {
namespace {

using Arguments = std::vector<std::optional<std::string>>;

Result<sqlite::FunctionRun> Call(std::string_view name, const Arguments& arguments) {
  for (const auto& function :
       SqliteFunctions({.publishes = true, .enqueues = true, .published = {}, .enqueued = {}})) {
    if (function->name == name) return function->call(arguments);
  }
  return Fail(Errc::kNotFound, "no such function");
}

std::string ParameterOf(const sqlite::FunctionRun& run, std::size_t i) {
  return std::get<std::string>(run.parameters[i]);
}

TEST(SqliteFunctions, AreThoseOfWhatIsOn) {
  EXPECT_TRUE(SqliteFunctions({}).empty());
  EXPECT_EQ(SqliteFunctions({.publishes = true, .published = {}, .enqueued = {}}).size(), 1u);
  EXPECT_EQ(SqliteFunctions({.enqueues = true, .published = {}, .enqueued = {}}).size(), 2u);
}

TEST(SqliteFunctions, PublishMakesAnEntry) {
  const auto run =
      Call("tidemill_publish",
           {"orders", R"({"id":7})", R"({"key":"o7","version":3,"tags":{"a":"b"},"version_epoch":null})"});
  ASSERT_TRUE(run) << run.error().detail;
  EXPECT_EQ(ParameterOf(*run, 0), "orders");
  EXPECT_EQ(ParameterOf(*run, 1), "o7");
  EXPECT_EQ(ParameterOf(*run, 2), R"({"id":7})");
  EXPECT_EQ(ParameterOf(*run, 3), R"({"version":3,"tags":{"a":"b"}})");
  EXPECT_EQ(ParameterOf(*Call("tidemill_publish", {"orders", "1"}), 3), "");
}

TEST(SqliteFunctions, WhatIsWrongIsSaid) {
  struct Case {
    std::string_view function;
    Arguments arguments;
    std::string_view words;
  };
  const Case cases[] = {
      {"tidemill_publish", {std::nullopt, "1"}, "channel must not be null"},
      {"tidemill_publish", {"a", std::nullopt}, "data must not be null"},
      {"tidemill_publish", {"a", "{"}, "data must be JSON"},
      {"tidemill_publish", {"a", "1", "[]"}, "options must be a JSON object"},
      {"tidemill_publish", {"a", "1", R"({"colour":"red"})"}, "no such option: colour"},
      {"tidemill_enqueue", {"Mail", "{}"}, "args"},
      {"tidemill_enqueue", {"Mail", "[]", R"({"jobtype":"x"})"}, "options cannot have jobtype"},
      {"tidemill_enqueue", {"Mail", "[]", R"({"queue":"a b"})"}, "queue"},
      {"tidemill_webhook", {"crm", std::nullopt}, "payload must not be null"},
      {"tidemill_webhook", {"crm", "1", R"({"queue":"x"})"}, "options cannot have queue"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.words);
    const auto run = Call(c.function, c.arguments);
    ASSERT_FALSE(run);
    EXPECT_NE(run.error().detail.find(c.words), std::string::npos) << run.error().detail;
  }
}

TEST(SqliteFunctions, EnqueueMakesAJobAndGivesItsJid) {
  const auto run =
      Call("tidemill_enqueue", {"Mail", "[17]", R"({"queue":"bulk","run_at":"2030-01-02T03:04:05Z"})"});
  ASSERT_TRUE(run) << run.error().detail;
  const auto job = job::ParseJob(ParameterOf(*run, 0), WallTime{1});
  ASSERT_TRUE(job);
  EXPECT_EQ(job->jid, run->result);
  EXPECT_EQ(job->type, "Mail");
  EXPECT_EQ(job->queue, "bulk");
  EXPECT_TRUE(job->at);
  EXPECT_EQ(Call("tidemill_enqueue", {"Mail", "[]", R"({"jid":"my-own-jid"})"})->result, "my-own-jid");
}

TEST(SqliteFunctions, AWebhookIsAJobOfItsQueue) {
  const auto run = Call("tidemill_webhook", {"crm", R"({"id":7})"});
  ASSERT_TRUE(run) << run.error().detail;
  const auto job = job::ParseJob(ParameterOf(*run, 0), WallTime{1});
  EXPECT_EQ(job->queue, "crm");
  EXPECT_EQ(job->type, "webhook");
  EXPECT_NE(job->members.find(R"("args":[{"id":7}])"), std::string::npos) << job->members;
}

}  // namespace
}  // namespace tidemill::outbox
