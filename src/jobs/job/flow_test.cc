#include "jobs/job/flow.h"

#include <gtest/gtest.h>

#include <string>

#include "jobs/job/job.h"

namespace tidemill::job {
namespace {

constexpr WallTime kWhen{1'750'000'000'000};

Result<Job> WithCustomText(const std::string& custom) {
  return ParseJob(R"({"jid":"job-0001","jobtype":"T","args":[],"custom":)" + custom + "}", kWhen);
}

TEST(Flow, IsReadFromCustom) {
  const Job job = WithCustomText(R"({"depends_on":["job-0002","job-0003","job-0002"],"signals":["paid 7"],
    "on_failure":"cancel","sequence_key":"customer-7","sequence_on_dead":"skip",
    "workflow":"w-1","node":"resize",
    "limit_key":"api","weight":3,
    "_bid":"b-12345678","_cb":"success"})")
                      .value();
  EXPECT_EQ(*job.flow, (Flow{.depends_on = {"job-0002", "job-0003"},
                             .signals = {"paid 7"},
                             .on_failure = Flow::OnFailure::kCancel,
                             .sequence_key = "customer-7",
                             .on_dead = Flow::OnDead::kSkip,
                             .workflow = "w-1",
                             .node = "resize",
                             .limit_key = "api",
                             .weight = 3,
                             .callback_of = "b-12345678",
                             .callback = Flow::Callback::kSuccess}));
  std::string text;
  AppendText(job, text);
  EXPECT_EQ(ParseJob(text, kWhen).value(), job);
}

TEST(Flow, AJobThatSaysNothingOfOthersHasNone) {
  EXPECT_FALSE(WithCustomText(R"({"mine":1,"depends_on":null})").value().flow);
}

TEST(Flow, RefusesWithWhatIsAccepted) {
  struct Case {
    std::string custom;
    std::string detail;
  };
  std::string many = R"({"depends_on":[)";
  for (int i = 0; i <= 100; ++i) many += (i > 0 ? ",\"job-" : "\"job-") + std::to_string(100000 + i) + "\"";
  const Case cases[] = {
      {R"({"depends_on":"job-0002"})", "custom.depends_on must be a list of ids of jobs"},
      {R"({"depends_on":["x"]})", "custom.depends_on must be a list of ids of jobs"},
      {R"({"signals":[""]})", "custom.signals must be a list of names of signals"},
      {R"({"signals":["a\nb"]})", "custom.signals must be a list of names of signals"},
      {R"({"on_failure":"die"})", R"(custom.on_failure must be "wait" or "cancel" or "run")"},
      {R"({"sequence_key":7})",
       "custom.sequence_key must be a string of 1 to 256 bytes without control characters"},
      {R"({"sequence_on_dead":true})", R"(custom.sequence_on_dead must be "halt" or "skip")"},
      {R"({"limit_key":""})",
       "custom.limit_key must be a string of 1 to 256 bytes without control characters"},
      {R"({"weight":0})", "custom.weight must be an integer from 1 to 1000"},
      {R"({"weight":1.5})", "custom.weight must be an integer from 1 to 1000"},
      {R"({"_bid":"b"})", "custom._bid must be the id of a batch"},
      {R"({"_cb":"done"})", R"(custom._cb must be "complete" or "success")"},
      {many + "]}", "custom.depends_on has at most 100 elements"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.custom);
    const auto job = WithCustomText(c.custom);
    ASSERT_FALSE(job);
    EXPECT_EQ(job.error().detail, c.detail);
  }
}

TEST(SetCustom, ReplacesAddsAndTakesOutMembers) {
  Job job = WithCustomText(R"({"bid":"b-12345678","n":1e400,"a":1})").value();
  const CustomMember members[] = {{"bid", ""}, {"a", "[2]"}, {"_cb", R"("success")"}};
  SetCustom(job, members);
  EXPECT_TRUE(job.members.contains(R"("custom":{"n":1e400,"a":[2],"_cb":"success"})")) << job.members;

  Job bare = ParseJob(R"({"jid":"job-0001","jobtype":"T","args":[]})", kWhen).value();
  SetCustom(bare, members);
  EXPECT_TRUE(bare.members.ends_with(R"(,"custom":{"a":[2],"_cb":"success"})")) << bare.members;
  std::string text;
  AppendText(bare, text);
  EXPECT_TRUE(ParseJob(text, kWhen));
}

}  // namespace
}  // namespace tidemill::job
