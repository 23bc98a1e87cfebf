#include "jobs/engine/orphans.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
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

// Its worker is given the job, and the node crashes before the store knows.
std::unique_ptr<EngineHarness> AfterACrash(const std::string& members = "") {
  auto tables = std::make_shared<MemoryTables>();
  {
    EngineHarness before(tables);
    before.Push("job-00001", members);
    Fetched fetched(before.engine, "worker-1", {"default"});
    EXPECT_EQ(fetched.jids(), Jids{"job-00001"});
  }
  EXPECT_TRUE(tables->claims.empty());
  return std::make_unique<EngineHarness>(tables);
}

std::size_t Enqueued(const EngineHarness& h) { return h.engine.counts().enqueued; }

TEST(EngineOrphans, AnAcknowledgementAfterACrashCounts) {
  const auto h = AfterACrash();
  EXPECT_EQ(Enqueued(*h), 1u);
  ASSERT_TRUE(h->engine.MayBeOrphan("job-00001"));
  EXPECT_FALSE(h->engine.MayBeOrphan("job-00002"));
  EXPECT_TRUE(h->Run(h->engine.AckOrphan("job-00001", R"({"ok":1})")));
  EXPECT_TRUE(h->store.tables().ready.empty());
  EXPECT_EQ(Enqueued(*h), 0u);
  EXPECT_EQ(h->engine.counts().processed, 1u);
  EXPECT_EQ(h->Run(h->engine.Find("job-00001"))->state, JobState::kDone);
  EXPECT_FALSE(h->engine.MayBeOrphan("job-00001"));
  Fetched again(h->engine, "worker-2", {"default"});
  h->Turns();
  EXPECT_TRUE(again.jobs.empty());
  // What comes behind it is given.
  h->Push("job-00002");
  EXPECT_EQ(again.jids(), Jids{"job-00002"});
  EXPECT_EQ(Enqueued(*h), 0u);
}

TEST(EngineOrphans, AFailureAfterACrashCounts) {
  const auto h = AfterACrash(R"("retry":2,"custom":{"retry_schedule":[10]})");
  EXPECT_TRUE(h->Run(h->engine.FailOrphan("job-00001", {.type = "E", .message = "no", .backtrace = {}})));
  EXPECT_EQ(Enqueued(*h), 0u);
  EXPECT_EQ(h->engine.counts().retries, 1u);
  EXPECT_EQ(h->engine.counts().failures, 1u);
  EXPECT_TRUE(h->store.tables().ready.empty());
  EXPECT_EQ(h->store.tables().later.size(), 1u);
  // It comes back once, with its failure.
  h->Advance(Seconds(12));
  EXPECT_EQ(Enqueued(*h), 1u);
  Fetched first(h->engine, "worker-2", {"default"});
  Fetched second(h->engine, "worker-3", {"default"});
  h->Turns();
  ASSERT_EQ(first.jids(), Jids{"job-00001"});
  EXPECT_EQ(first.jobs[0].attempt, 2);
  EXPECT_TRUE(second.jobs.empty());
}

TEST(EngineOrphans, SomebodyElseMayHaveItByThen) {
  const auto h = AfterACrash();
  Fetched fetched(h->engine, "worker-2", {"default"});
  ASSERT_EQ(fetched.jids(), Jids{"job-00001"});
  EXPECT_FALSE(h->engine.MayBeOrphan("job-00001"));  // Ack finds it
  EXPECT_TRUE(h->Run(h->engine.AckOrphan("job-00001", "")));
  EXPECT_TRUE(h->store.tables().ready.empty());
  EXPECT_EQ(h->engine.counts().working, 0u);
  EXPECT_EQ(h->Run(h->engine.AckOrphan("job-00001", "")).error().code, Errc::kNotFound);
}

TEST(EngineOrphans, WhoeverTakesItWhileItIsLookedForIsAcknowledged) {
  const auto h = AfterACrash();
  std::optional<Result<>> acked;
  TaskScope scope;
  scope.Spawn([](Engine& engine, std::optional<Result<>>& out) -> Task<void> {
    out = co_await engine.AckOrphan("job-00001", "");
  }(h->engine, acked));
  Fetched fetched(h->engine, "worker-2", {"default"});
  ASSERT_EQ(fetched.jids(), Jids{"job-00001"});
  h->Turns();
  ASSERT_TRUE(acked && *acked);
  EXPECT_EQ(h->engine.counts().working, 0u);
  EXPECT_TRUE(h->store.tables().ready.empty());
}

TEST(EngineOrphans, ItsLockIsReleasedAlsoOneUntilItsStart) {
  for (const std::string until : {"start", "success"}) {
    const std::string unique = R"("custom":{"unique_for":60,"unique_until":")" + until + R"("})";
    const auto h = AfterACrash(unique);
    EXPECT_TRUE(h->Run(h->engine.AckOrphan("job-00001", "")));
    EXPECT_TRUE(h->engine.Push(MakeJob("job-00002", unique))) << until;
    EXPECT_TRUE(h->Commit());
  }
}

TEST(EngineOrphans, OneOfTwoOfTheSameJidGoes) {
  auto tables = std::make_shared<MemoryTables>();
  {
    EngineHarness before(tables);
    before.Push("job-00001");
    before.Push("job-00001");
  }
  EngineHarness h(tables);
  EXPECT_TRUE(h.Run(h.engine.AckOrphan("job-00001", "")));
  EXPECT_EQ(h.store.tables().ready.size(), 1u);
  EXPECT_TRUE(h.engine.MayBeOrphan("job-00001"));
  EXPECT_TRUE(h.Run(h.engine.AckOrphan("job-00001", "")));
  EXPECT_TRUE(h.store.tables().ready.empty());
  EXPECT_EQ(Enqueued(h), 0u);
}

TEST(EngineOrphans, AResultThatIsNoneChangesNothing) {
  const auto h = AfterACrash();
  EXPECT_EQ(h->Run(h->engine.AckOrphan("job-00001", "{")).error().code, Errc::kInvalidArgument);
  EXPECT_EQ(Enqueued(*h), 1u);
  EXPECT_EQ(h->engine.counts().working, 0u);
}

TEST(EngineOrphans, TheyAreKnownForTenMinutes) {
  const auto h = AfterACrash();
  h->Advance(Minutes(9));
  EXPECT_TRUE(h->engine.MayBeOrphan("job-00001"));
  h->Advance(Minutes(10));
  EXPECT_FALSE(h->engine.MayBeOrphan("job-00001"));
  EXPECT_EQ(Enqueued(*h), 1u);
}

}  // namespace
}  // namespace tidemill::jobs
