#include "events/job_target.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "jobs/store/testing/memory_store.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"

namespace tidemill::events {
namespace {

TEST(JobTarget, MakesAJobOfEachBatchOnce) {
  const auto loop = net::testing::OpenLoop();
  metrics::Registry registry;
  Metrics metrics(registry);
  jobs::testing::MemoryStore store(*loop);
  jobs::Engine engine(*loop, store, {});
  const auto target = MakeJobTarget(engine, "events", metrics);
  const Batch batch{
      .id = "node-0-1", .lane = 0, .items = {{.channel = "a", .json = R"({"type":"occupied"})"}}};
  EXPECT_FALSE(target->is_here());
  EXPECT_FALSE(net::testing::RunTask(*loop, target->Deliver(batch))) << "the engine has not begun";
  engine.Start();
  ASSERT_TRUE(net::testing::DriveUntil(*loop, [&] { return target->is_here(); }));
  for (int attempt = 0; attempt < 2; ++attempt) {
    ASSERT_TRUE(net::testing::RunTask(*loop, target->Deliver(batch)));
  }
  EXPECT_EQ(engine.counts().enqueued, 1u) << "the second attempt is the same batch";
  const auto queue = engine.FindQueue("events");
  ASSERT_TRUE(queue);
  EXPECT_EQ(queue->ready, 1u);
}

}  // namespace
}  // namespace tidemill::events
