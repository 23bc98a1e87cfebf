// A queue that is removed leaves nothing of its jobs behind: no lock, no batch that waits, no key that is
// taken.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "jobs/engine/testing/harness.h"

namespace tidemill::jobs {
namespace {

using testing::EngineHarness;
using testing::Fetched;
using testing::MakeJob;
using testing::MemoryTables;

using Jids = std::vector<std::string>;

constexpr std::string_view kUnique = R"("unique_for":60,"unique_key":"k")";

TEST(RemovedQueues, EndJobsWhoseTextsMemoryHasDropped) {
  EngineOptions options;
  options.text_bytes_max = 10;
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  const std::string bid = h.engine
                              .NewBatch({.description = "d",
                                         .parent = "",
                                         .complete = MakeJob("cb-complete", R"("queue":"callbacks")"),
                                         .success = {}})
                              .value();
  const std::string custom = R"("custom":{"bid":")" + bid + "\"";
  h.Push("job-00001", custom + ',' + std::string(kUnique) + '}');
  h.Push("job-00002", custom + '}');
  ASSERT_TRUE(h.engine.CommitBatch(bid));
  ASSERT_TRUE(h.Commit());
  EXPECT_EQ(h.Run(h.engine.RemoveQueue("default")), 2u);
  EXPECT_TRUE(h.engine.Push(MakeJob("job-00003", R"("custom":{)" + std::string(kUnique) + '}')));
  Fetched callback(h.engine, "worker-1", {"callbacks"});
  h.Turns(50);
  EXPECT_EQ(callback.jids(), Jids{"cb-complete"});
}

TEST(RemovedQueues, StayAsTheyAreWhenTheStoreDoesNotSayWhatTheyHave) {
  EngineOptions options;
  options.text_bytes_max = 10;
  options.inbox_interval = Duration();
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  for (int i = 1; i <= 3; ++i) h.Push("job-0000" + std::to_string(i));
  h.store.FailOthers(1, {Errc::kUnavailable, "away"});
  EXPECT_EQ(h.Run(h.engine.RemoveQueue("default")).error().code, Errc::kUnavailable);
  Fetched fetched(h.engine, "worker-1", {"default"});
  h.Turns(50);
  EXPECT_EQ(fetched.jids(), Jids{"job-00001"});
  EXPECT_EQ(h.Run(h.engine.RemoveQueue("default")), 2u);
}

// One that waited for its key is on its way to whoever fetches.
TEST(RemovedQueues, FreeTheKeysOfTheirLimits) {
  EngineOptions options;
  options.queues["q"].limits = {.key = "/jobtype", .key_concurrency = 1};
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  h.Push("job-00001", R"("queue":"q")");
  h.Push("job-00002", R"("queue":"q")");
  Fetched first(h.engine, "worker-1", {"q"});
  {
    Fetched parks(h.engine, "worker-1", {"q"});
    h.Turns();
    ASSERT_EQ(h.engine.Limits("q", 1)->parked, 1u);
  }
  ASSERT_TRUE(h.engine.Ack("job-00001", ""));
  h.Turns();
  ASSERT_EQ(h.engine.Limits("q", 1)->parked, 0u);
  EXPECT_EQ(h.Run(h.engine.RemoveQueue("q")), 1u);
  h.Push("job-00003", R"("queue":"q")");
  Fetched last(h.engine, "worker-1", {"q"});
  h.Turns();
  EXPECT_EQ(last.jids(), Jids{"job-00003"});
}

// The same of one that was cancelled there.
TEST(RemovedQueues, FreeTheKeysOfJobsThatWereCancelled) {
  EngineOptions options;
  options.queues["q"].limits = {.key = "/jobtype", .key_concurrency = 1};
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  h.Push("job-00001", R"("queue":"q")");
  h.Push("job-00002", R"("queue":"q")");
  Fetched first(h.engine, "worker-1", {"q"});
  {
    Fetched parks(h.engine, "worker-1", {"q"});
    h.Turns();
  }
  ASSERT_TRUE(h.engine.Ack("job-00001", ""));
  h.Turns();
  ASSERT_TRUE(h.Run(h.engine.Cancel("job-00002")));
  EXPECT_EQ(h.Run(h.engine.RemoveQueue("q")), 0u);
  h.Push("job-00003", R"("queue":"q")");
  Fetched last(h.engine, "worker-1", {"q"});
  h.Turns();
  EXPECT_EQ(last.jids(), Jids{"job-00003"});
}

}  // namespace
}  // namespace tidemill::jobs
