// What the store can never keep: a flush that it refuses for what is in it holds nobody else up for long.
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

EngineOptions WithARelaxedQueue() {
  EngineOptions options;
  options.queues = {{"quick", {.durability = Durability::kRelaxed}}};
  return options;
}

// A job that was pushed and answered, whose id is taken in the store by then.
void GatherWhatIsRefused(EngineHarness& h, const std::string& jid) {
  const std::uint64_t next = h.store.tables().ready.rbegin()->first.value() + 1;
  h.store.tables().ready[JobId(next)] = {.id = JobId(next),
                                         .jid = "other-0001",
                                         .queue = "other",
                                         .type = "T",
                                         .text = R"({"jid":"other-0001","jobtype":"T","args":[]})"};
  ASSERT_TRUE(h.engine.Push(MakeJob(jid, R"("queue":"quick")")));
}

TEST(RefusedFlush, IsGivenUpAndWhatTheStoreHasIsServedAgain) {
  EngineHarness h(std::make_shared<MemoryTables>(), WithARelaxedQueue());
  h.Push("job-00001");
  GatherWhatIsRefused(h, "quick-0001");
  h.Advance(Seconds(20));
  ASSERT_EQ(h.engine.problem(), std::nullopt);
  h.Push("job-00002");
  Fetched first(h.engine, "worker-1", {"default"});
  Fetched second(h.engine, "worker-1", {"default"});
  EXPECT_EQ(first.jids(), Jids{"job-00001"});
  EXPECT_EQ(second.jids(), Jids{"job-00002"});
  ASSERT_TRUE(h.engine.Ack("job-00001", ""));
  ASSERT_TRUE(h.Commit());
  EXPECT_FALSE(h.store.tables().ready.contains(JobId(1)));
}

TEST(RefusedFlush, AStoreThatIsAwayOrFullIsWaitedFor) {
  for (const Errc code : {Errc::kUnavailable, Errc::kTimeout, Errc::kLimitExceeded}) {
    EngineHarness h(std::make_shared<MemoryTables>(), WithARelaxedQueue());
    h.store.FailCommits(30, {code, "away"});
    ASSERT_TRUE(h.engine.Push(MakeJob("quick-0001", R"("queue":"quick")")));
    h.Advance(Seconds(90));
    EXPECT_EQ(h.engine.problem(), std::nullopt);
    ASSERT_TRUE(h.Commit());
    EXPECT_EQ(h.store.tables().ready.size(), 1u);
  }
}

// Its name is a key in the store, which takes no character 0.
TEST(RefusedFlush, NoSignalHasANameThatTheStoreRefuses) {
  EngineHarness h;
  const auto sent = h.engine.SendSignal(std::string_view("a\0b", 3), "");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Errc::kInvalidArgument);
  h.Push("job-00001");
}

}  // namespace
}  // namespace tidemill::jobs
