#include "cli/jobs/jobs_tables.h"

#include <gtest/gtest.h>

#include "cli/jobs/jobs_call.h"
#include "cli/testing/ran.h"

namespace tidemill::cli {
namespace {

TEST(JobTables, ShowQueuesAsPeopleReadThem) {
  const auto queues = ReadQueues(
      R"({"queues":[{"name":"mail","ready":12,"working":3,"later":0,"waiting_fetches":2,"latency_ms":95000,
      "paused":true},{"name":"a\u001bb","ready":0,"new":{}}]})");
  ASSERT_TRUE(queues);
  EXPECT_EQ(QueueTable(*queues),
            "READY  WORKING  LATER  WAITING  LATENCY  STATE   QUEUE\n"
            "   12        3      0        2      95s  paused  mail\n"
            "    0        0      0        0        -  runs    a\\x1bb\n");
  EXPECT_EQ(QueueTable({}), "no queues\n");
  EXPECT_FALSE(ReadQueues(R"({"queues":[1]})"));
}

TEST(JobTables, ShowWorkersAsPeopleReadThem) {
  const auto workers = ReadWorkers(
      R"({"workers":[{"worker":"app-1","hostname":"web3","pid":7,"state":"quiet",
      "rss_kb":2048,"working":1}]})");
  ASSERT_TRUE(workers);
  EXPECT_EQ(WorkerTable(*workers),
            "WORKER  STATE  JOBS  MEMORY  STARTED  HEARD  HOST\n"
            "app-1   quiet     1    2 MB                  web3:7\n");
}

TEST(JobTables, SayHowLongAgoSomethingWas) {
  EXPECT_EQ(Ago(5), "5ms");
  EXPECT_EQ(Ago(119'999), "119s");
  EXPECT_EQ(Ago(120'000), "2m");
  EXPECT_EQ(Ago(7'199'000), "119m");
  EXPECT_EQ(Ago(7'200'000), "2h");
  EXPECT_EQ(Ago(std::int64_t{1000} * 86'400 * 3), "3d");
  EXPECT_EQ(Since("2400-01-01T00:00:00Z").substr(0, 3), "in ");
  EXPECT_EQ(Since("no time"), "no time");
}

TEST(JobsCommands, SayWhatIsWrongBeforeTheyAsk) {
  struct Case {
    std::vector<std::string> arguments;
    const char* wrong;
  };
  const Case cases[] = {
      {{"push", "email", "--queue", "a b"}, "--queue: \"a b\" is no name"},
      {{"push", "email", "--priority", "10"}, "it is 1 to 9"},
      {{"push", "email", "--in", "soon"}, "write 90s, 5m, 2h or 1d"},
      {{"push", "email", "--in", "5m", "--at", "2026-12-24T18:00:00Z"}, "give one of them"},
      {{"push", "email", "--at", "tomorrow"}, "write 2026-12-24T18:00:00Z"},
      {{"push", "email", "--custom", "[]"}, "not a JSON object"},
      {{"push", "-", "x"}, "each line is a whole job"},
      {{"list", "ded"}, "did you mean dead?"},
      {{"list", "dead", "--limit", "1001"}, "it is 1 to 1000"},
      {{"retry"}, "JID is required"},
      {{"redrive"}, "which jobs?"},
      {{"discard", "--all", "--queue", "mail"}, "--all stands alone"},
      {{"redrive", "--all"}, "redrive takes all dead jobs that the filter admits: say --yes"},
      {{"cancel", "--state", "working", "--type", "x"}, "cancel takes all working jobs"},
      {{"kill"}, "which jobs?"},
      {{"kill", "--state", "dead", "--all", "--yes"}, "--state"},
      {{"remove", "mail"}, "say --yes"},
      {{"quiet"}, "name a worker"},
      {{"signal", "a", "{"}, "PAYLOAD is not JSON"},
      {{"limits", "mail", "4"}, "LIMITS is not a JSON object"},
      {{"limits", "mail", "{}", "--reset"}, "not both"},
      {{"terminate", "a", "--all"}, "name a worker"},
      {{"top", "--every", "0"}, "from 1 to 3600"},
      {{"psh"}, "did you mean push?"},
  };
  for (const Case& c : cases) {
    std::vector<std::string> arguments = {"jobs"};
    arguments.insert(arguments.end(), c.arguments.begin(), c.arguments.end());
    const testing::Ran ran = testing::RunProgram(arguments);
    EXPECT_EQ(ran.code, 2) << c.wrong;
    EXPECT_TRUE(ran.err.contains(c.wrong)) << ran.err;
  }
}

}  // namespace
}  // namespace tidemill::cli
