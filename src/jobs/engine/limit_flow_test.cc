// Limits through the engine, with restarts between any two flushes.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "jobs/engine/engine.h"
#include "jobs/engine/testing/harness.h"
#include "net/testing/slowdown.h"

namespace tidemill::jobs {
namespace {

using testing::EngineHarness;
using testing::Fetched;
using testing::MakeJob;
using testing::MemoryTables;

using Names = std::vector<std::string>;

TEST(EngineLimits, NoMoreRunAtOnceThanTheQueueAllows) {
  EngineOptions options;
  options.queues["q"].limits = {.concurrency = 2};
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  std::vector<std::unique_ptr<Fetched>> fetches;
  for (int i = 0; i < 4; ++i) fetches.push_back(std::make_unique<Fetched>(h.engine, "worker-1", Names{"q"}));
  for (int i = 1; i <= 4; ++i) h.Push("job-0000" + std::to_string(i), R"("queue":"q")");
  const auto got = [&] {
    h.Turns();
    return std::ranges::count_if(fetches, [](const auto& fetched) { return !fetched->jobs.empty(); });
  };
  EXPECT_EQ(got(), 2);
  EXPECT_EQ(h.engine.Limits("q", 10)->running, 2);
  ASSERT_TRUE(h.engine.Ack("job-00001", ""));
  EXPECT_EQ(got(), 3);
  ASSERT_TRUE(h.engine.Fail("job-00002", {}));
  EXPECT_EQ(got(), 4);
  // Nobody is left out for good: whoever waits after that is served.
  ASSERT_TRUE(h.engine.Ack("job-00003", ""));
  ASSERT_TRUE(h.engine.Ack("job-00004", ""));
  Fetched late(h.engine, "worker-1", {"q"});
  h.Push("job-00005", R"("queue":"q")");
  h.Turns();
  EXPECT_EQ(late.jids(), Names{"job-00005"});
}

TEST(EngineLimits, JobsKeepTheirOrderWhenWorkersWaitForRoom) {
  EngineOptions options;
  options.queues["q"].limits = {.concurrency = 1};
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  std::vector<std::unique_ptr<Fetched>> fetches;
  for (int i = 0; i < 5; ++i) fetches.push_back(std::make_unique<Fetched>(h.engine, "worker-1", Names{"q"}));
  h.Turns();
  for (int i = 1; i <= 5; ++i) h.Push("job-0000" + std::to_string(i), R"("queue":"q")");
  Names order;
  for (int i = 0; i < 5; ++i) {
    h.Turns();
    for (const auto& fetched : fetches) {
      const Names jids = fetched->jids();
      if (jids.empty() || std::ranges::find(order, jids[0]) != order.end()) continue;
      order.push_back(jids[0]);
      ASSERT_TRUE(h.engine.Ack(jids[0], ""));
    }
  }
  EXPECT_EQ(order, (Names{"job-00001", "job-00002", "job-00003", "job-00004", "job-00005"}));
}

// Ten thousand keys with a backlog each: every job runs, no key more than one at a time.
TEST(EngineLimits, TenThousandKeysAreServedInTurn) {
  EngineOptions options;
  options.queues["q"].limits = {.key = "/args/0", .key_concurrency = 1};
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  constexpr int kKeys = 10'000;
  for (int i = 0; i < 2 * kKeys; ++i) {
    const std::string text = R"({"jid":"job-)" + std::to_string(100'000 + i) +
                             R"(","jobtype":"T","queue":"q","args":[)" + std::to_string(i % kKeys) + "]}";
    ASSERT_TRUE(h.engine.Push(*job::ParseJob(text, h.clock.WallNow())));
  }
  ASSERT_TRUE(h.Commit());
  int done = 0;
  std::vector<std::string> running;
  for (int idle = 0; idle < 20 && done < 2 * kKeys;) {
    Fetched fetched(h.engine, "worker-1", {"q"});
    h.Turns(fetched.jobs.empty() ? 3 : 0);
    if (!fetched.jobs.empty()) running.push_back(fetched.jobs[0].jid);
    if (!fetched.jobs.empty() && running.size() < 500) continue;
    idle = fetched.jobs.empty() && running.empty() ? idle + 1 : 0;
    for (const std::string& jid : std::exchange(running, {})) {
      ASSERT_TRUE(h.engine.Ack(jid, ""));
      ++done;
    }
  }
  EXPECT_EQ(done, 2 * kKeys);
  EXPECT_EQ(h.engine.Limits("q", 1)->parked, 0U);
}

TEST(EngineLimits, ABlockedQueueOrKeyHoldsUpNoOther) {
  EngineOptions options;
  options.queues["q"].limits = {.key = "/args/0", .key_concurrency = 1};
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  const auto push = [&](const std::string& jid, const std::string& key) {
    auto job = job::ParseJob(
        R"({"jid":")" + jid + R"(","jobtype":"T","queue":"q","args":[")" + key + R"("]})", h.clock.WallNow());
    ASSERT_TRUE(h.engine.Push(*job));
    ASSERT_TRUE(h.Commit());
  };
  for (int i = 1; i <= 3; ++i) push("job-a000" + std::to_string(i), "a");
  push("job-b0001", "b");
  Fetched first(h.engine, "worker-1", {"q"});
  Fetched second(h.engine, "worker-1", {"q"});
  Fetched third(h.engine, "worker-1", {"q"});
  h.Turns();
  EXPECT_EQ(first.jids(), Names{"job-a0001"});
  EXPECT_EQ(second.jids(), Names{"job-b0001"});
  EXPECT_TRUE(third.jobs.empty());
  EXPECT_EQ(h.engine.Limits("q", 10)->parked, 2U);
  EXPECT_EQ(h.engine.FindQueue("q")->ready, 2U) << "parked ones are counted";
  ASSERT_TRUE(h.engine.Ack("job-a0001", ""));
  h.Turns();
  EXPECT_EQ(third.jids(), Names{"job-a0002"});
  ASSERT_TRUE(h.engine.Ack("job-a0002", ""));
  Fetched fourth(h.engine, "worker-1", {"q"});
  h.Turns();
  EXPECT_EQ(fourth.jids(), Names{"job-a0003"});
}

TEST(EngineLimits, EachWorkerHasItsOwnAndOtherQueuesGoOn) {
  EngineOptions options;
  options.queues["q"].limits = {.worker_concurrency = 1};
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  for (int i = 1; i <= 3; ++i) h.Push("job-0000" + std::to_string(i), R"("queue":"q")");
  h.Push("job-other", R"("queue":"other")");
  Fetched one(h.engine, "worker-1", {"q", "other"});
  Fetched two(h.engine, "worker-1", {"q", "other"});
  Fetched three(h.engine, "worker-2", {"q"});
  h.Turns();
  EXPECT_EQ(one.jids(), Names{"job-00001"});
  EXPECT_EQ(two.jids(), Names{"job-other"});
  EXPECT_EQ(three.jids(), Names{"job-00002"});
}

TEST(EngineLimits, ARateLetsThemBeginInTime) {
  EngineOptions options;
  options.queues["q"].limits = {.rate = Rate{.count = 1, .period = Seconds(10), .burst = 1}};
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  for (int i = 1; i <= 3; ++i) h.Push("job-0000" + std::to_string(i), R"("queue":"q")");
  Fetched one(h.engine, "worker-1", {"q"});
  Fetched two(h.engine, "worker-1", {"q"});
  h.Turns();
  EXPECT_EQ(one.jids(), Names{"job-00001"});
  EXPECT_TRUE(two.jobs.empty());
  h.Advance(Seconds(9));
  EXPECT_TRUE(two.jobs.empty());
  h.Advance(Milliseconds(1040));
  EXPECT_EQ(two.jids(), Names{"job-00002"});
}

TEST(EngineLimits, AreSetAtRunTimeAndKept) {
  auto tables = std::make_shared<MemoryTables>();
  {
    EngineHarness h(tables);
    for (int i = 1; i <= 3; ++i) h.Push("job-0000" + std::to_string(i), R"("queue":"q")");
    Fetched one(h.engine, "worker-1", {"q"});
    ASSERT_TRUE(h.engine.SetLimits("q", {.concurrency = 1}));
    ASSERT_TRUE(h.Commit());
    Fetched two(h.engine, "worker-1", {"q"});
    h.Turns();
    EXPECT_TRUE(two.jobs.empty()) << "what runs counts";
    EXPECT_EQ(h.engine.SetLimits("q", {.concurrency = -1}).error().code, Errc::kInvalidArgument);
    h.Advance(Milliseconds(200));  // it is claimed
  }
  tables->owner.reset();
  EngineHarness h(tables);
  h.Turns();
  EXPECT_EQ(h.engine.Limits("q", 1)->running, 1);
  Fetched two(h.engine, "worker-1", {"q"});
  h.Turns();
  EXPECT_TRUE(two.jobs.empty());
  ASSERT_TRUE(h.engine.ResetLimits("q"));
  h.Turns();
  EXPECT_EQ(two.jids(), Names{"job-00002"});
}

TEST(EngineLimits, NoTurnIsLongWhenManyQueuesGetLimitsWhileJobsRun) {
  constexpr int kQueues = 5'000;
  EngineHarness h;
  Names names;
  std::vector<std::unique_ptr<Fetched>> fetches;
  std::map<std::string, QueueLimits, std::less<>> limits;
  for (int i = 0; i < kQueues; ++i) {
    names.push_back("q" + std::to_string(i));
    limits[names.back()].concurrency = 1;
    const std::string number = std::to_string(100'000 + i);
    ASSERT_TRUE(h.engine.Push(MakeJob("job-" + number, R"("queue":")" + names.back() + '"')));
    fetches.push_back(std::make_unique<Fetched>(h.engine, "worker-1", Names{names.back()}));
  }
  ASSERT_TRUE(h.Commit());
  h.Turns(200);
  ASSERT_EQ(h.engine.counts().working, static_cast<std::uint64_t>(kQueues));
  const net::Micros begun = net::ThreadCpuMicros();
  h.engine.ConfigureLimits(std::move(limits));
  EXPECT_LT(net::ThreadCpuMicros() - begun, net::testing::kTurnMax);
  std::size_t counted = 0;
  const auto all_are_counted = [&] {
    while (counted < names.size() && h.engine.Limits(names[counted], 1)->running == 1) ++counted;
    return counted == names.size();
  };
  EXPECT_LT(h.LongestTurn(all_are_counted), net::testing::kTurnMax);
  h.Turns(200);
  // What runs counts: the queue gives no other until it ends, also to one who waited when it was counted.
  h.Push("job-second", R"("queue":"q7")");
  Fetched second(h.engine, "worker-1", {"q7"});
  h.Turns();
  EXPECT_EQ(second.jids(), Names{});
  ASSERT_TRUE(h.engine.Ack("job-100007", ""));
  h.Turns();
  EXPECT_EQ(second.jids(), Names{"job-second"});
  const net::Micros again = net::ThreadCpuMicros();
  h.engine.ConfigureLimits({});
  EXPECT_LT(net::ThreadCpuMicros() - again, net::testing::kTurnMax);
  EXPECT_LT(h.LongestTurn([&] { return h.engine.Limits(names.back(), 1)->limits == QueueLimits(); }),
            net::testing::kTurnMax);
}

TEST(EngineLimits, OfTheConfigurationAreChangedThereAlone) {
  EngineOptions options;
  options.queues["q"].limits = {.concurrency = 1};
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  for (int i = 1; i <= 3; ++i) h.Push("job-0000" + std::to_string(i), R"("queue":"q")");
  EXPECT_EQ(h.engine.SetLimits("q", {.concurrency = 9}),
            Fail(Errc::kPermissionDenied,
                 "the limits of queue q are of the configuration (jobs.queues.q.limits or throttles.q); "
                 "change them there"));
  EXPECT_EQ(h.engine.ResetLimits("q").error().code, Errc::kPermissionDenied);
  EXPECT_TRUE(h.engine.Limits("q", 1)->is_configured);
  Fetched one(h.engine, "worker-1", {"q"});
  Fetched two(h.engine, "worker-1", {"q"});
  h.Turns();
  EXPECT_TRUE(two.jobs.empty());
  h.engine.ConfigureLimits({{"q", {.concurrency = 2}}});
  h.Turns();
  EXPECT_EQ(two.jids(), Names{"job-00002"});
  Fetched three(h.engine, "worker-1", {"q"});
  h.Turns();
  EXPECT_TRUE(three.jobs.empty());
  h.engine.ConfigureLimits({{"other", {.concurrency = 2}}});
  h.Turns();
  EXPECT_EQ(three.jids(), Names{"job-00003"});
  EXPECT_TRUE(h.engine.SetLimits("q", {.concurrency = 1}));
}

}  // namespace
}  // namespace tidemill::jobs
