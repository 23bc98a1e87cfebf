#include "jobs/workflows/definition.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemill::jobs {
namespace {

constexpr WallTime kWhen{1'750'000'000'000};

WorkflowDefinition::Node NodeOf(const std::string& name, std::vector<std::string> after = {},
                                const std::string& custom = "{}") {
  const std::string text =
      R"({"jid":"job-of-)" + name + R"(","jobtype":"T","args":[],"custom":)" + custom + "}";
  return {.name = name, .job = job::ParseJob(text, kWhen).value(), .after = std::move(after)};
}

TEST(MakeJobs, PutsEachBehindWhatItComesAfter) {
  const auto jobs =
      MakeJobs({.nodes = {NodeOf("c", {"a", "b"}, R"({"signals":["go"]})"), NodeOf("b", {"a"}), NodeOf("a")}},
               "w-1", kWhen)
          .value();
  ASSERT_EQ(jobs.size(), 3U);
  EXPECT_EQ(jobs[0].jid, "job-of-a");
  EXPECT_EQ(jobs[1].jid, "job-of-b");
  EXPECT_EQ(jobs[2].jid, "job-of-c");
  EXPECT_EQ(
      *jobs[2].flow,
      (job::Flow{.depends_on = {"job-of-a", "job-of-b"}, .signals = {"go"}, .workflow = "w-1", .node = "c"}));
  EXPECT_FALSE(jobs[0].flow->waits());
}

TEST(MakeJobs, RefusesWhatCannotRun) {
  struct Case {
    std::vector<WorkflowDefinition::Node> nodes;
    std::string detail;
  };
  const Case cases[] = {
      {{}, "a workflow has one node at least"},
      {{NodeOf("a"), NodeOf("a")}, "node a is there twice"},
      {{NodeOf("a", {"x"})}, "node a comes after x, which is not there"},
      {{NodeOf("a", {"a"})}, "the nodes depend on each other in a circle: a → a"},
      {{NodeOf("z"), NodeOf("a", {"b", "z"}), NodeOf("b", {"c"}), NodeOf("c", {"a"})},
       "the nodes depend on each other in a circle: a → c → b → a"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.detail);
    const auto jobs = MakeJobs({.nodes = c.nodes}, "w-1", kWhen);
    ASSERT_FALSE(jobs);
    EXPECT_EQ(jobs.error(), (Error{Errc::kInvalidArgument, c.detail}));
  }
  std::vector<WorkflowDefinition::Node> many;
  for (int i = 0; i <= 1000; ++i) many.push_back(NodeOf("n" + std::to_string(i)));
  EXPECT_EQ(MakeJobs({.nodes = many}, "w-1", kWhen).error(),
            (Error{Errc::kLimitExceeded, "a workflow has at most 1000 nodes"}));
  WorkflowDefinition same{.nodes = {NodeOf("a"), NodeOf("b")}};
  same.nodes[1].job = same.nodes[0].job;
  EXPECT_EQ(MakeJobs(same, "w-1", kWhen).error().detail, "nodes a and b have the same jid");
}

}  // namespace
}  // namespace tidemill::jobs
