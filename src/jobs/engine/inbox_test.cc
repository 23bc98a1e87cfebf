// What SQL enqueues: taken once, and rung for while nothing else comes.
#include "jobs/engine/inbox.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "jobs/engine/testing/harness.h"

namespace tidemill::jobs::testing {
namespace {

using Jids = std::vector<std::string>;

TEST(EngineInbox, WhatSqlEnqueuedIsTakenOnce) {
  EngineHarness h;
  h.store.tables().Enqueue(R"({"jid":"sql-000001","jobtype":"T","args":[]})");
  h.store.tables().Enqueue("no JSON at all");
  h.store.tables().Enqueue(R"({"jid":"sql-000002","jobtype":"T","args":[],"queue":"other"})");
  h.Advance(Milliseconds(300));
  EXPECT_TRUE(h.store.tables().inbox.empty());
  EXPECT_EQ(h.store.tables().ready.size(), 2u);
  ASSERT_EQ(h.store.tables().dead.size(), 1u);
  EXPECT_NE(h.store.tables().dead.begin()->second.job.text.find("no JSON at all"), std::string::npos);
  Fetched fetched(h.engine, "w", {"default", "other"});
  EXPECT_EQ(fetched.jids(), Jids{"sql-000001"});
}

TEST(EngineInbox, SqlRingsWhileNothingComesAndSomebodyHearsIt) {
  EngineHarness h;
  h.Turns();
  EXPECT_FALSE(h.store.tables().rings);
  h.engine.HearInbox(true);
  h.Turns();
  EXPECT_TRUE(h.store.tables().rings);
  h.store.tables().Enqueue(R"({"jid":"sql-000001","jobtype":"T","args":[]})");
  h.engine.LookIntoInbox();
  h.Turns();
  EXPECT_EQ(h.engine.counts().enqueued, 1u);
  EXPECT_FALSE(h.store.tables().rings);
  // It looks all the time now: nobody needs to ring.
  h.store.tables().Enqueue(R"({"jid":"sql-000002","jobtype":"T","args":[]})");
  h.Advance(Milliseconds(20));
  EXPECT_EQ(h.engine.counts().enqueued, 2u);
  h.Advance(Seconds(2));
  EXPECT_TRUE(h.store.tables().rings);
  h.engine.HearInbox(false);
  h.Turns();
  EXPECT_FALSE(h.store.tables().rings);
}

TEST(EngineInbox, WhatNoRingWasHeardOfIsFoundAndCounted) {
  metrics::Registry registry;
  EngineOptions options;
  options.metrics = &registry;
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  const auto counted = [&registry](const std::string& how) {
    const std::string text = registry.Text();
    const std::string name = "tidemill_jobs_picked_up_total{how=\"" + how + "\"} ";
    const std::size_t at = text.find(name);
    return at == text.npos ? "none" : text.substr(at + name.size(), 1);
  };
  h.engine.HearInbox(true);
  h.Turns();
  h.store.tables().Enqueue(R"({"jid":"sql-000001","jobtype":"T","args":[]})");
  h.engine.LookIntoInbox();
  h.Advance(Seconds(2));
  EXPECT_EQ(counted("inbox_look"), "0") << "somebody has rung";
  ASSERT_TRUE(h.store.tables().rings);
  h.store.tables().Enqueue(R"({"jid":"sql-000002","jobtype":"T","args":[],"reserve_for":60})");
  h.Advance(Seconds(2));
  EXPECT_EQ(h.engine.counts().enqueued, 2u);
  EXPECT_EQ(counted("inbox_look"), "1");

  Fetched fetched(h.engine, "worker-1", {"default"});
  EXPECT_EQ(counted("reservation_expired"), "0");
  h.Advance(Minutes(31));
  EXPECT_EQ(counted("reservation_expired"), "1");
}

TEST(EngineInbox, WhatSqlEnqueuedIsTakenOnceThoughCommitsFail) {
  EngineHarness h;
  h.store.FailCommits(3, {Errc::kUnavailable, "away"});
  h.store.tables().Enqueue(R"({"jid":"sql-000001","jobtype":"T","args":[]})");
  h.Advance(Seconds(10));
  EXPECT_TRUE(h.store.tables().inbox.empty());
  EXPECT_EQ(h.store.tables().ready.size(), 1u);
  EXPECT_EQ(h.engine.counts().enqueued, 1u);
}

}  // namespace
}  // namespace tidemill::jobs::testing
