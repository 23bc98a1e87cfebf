#include "jobs/engine/schedules.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "jobs/engine/testing/harness.h"
#include "net/testing/slowdown.h"

namespace tidemill::jobs {
namespace {

using testing::EngineHarness;
using testing::Fetched;
using testing::MemoryTables;

ScheduleSpec Every10s(std::string overlap = "allow", std::string catch_up = "coalesce") {
  return {.name = "tick",
          .schedule = "@every 10s",
          .overlap = std::move(overlap),
          .catch_up = std::move(catch_up),
          .job = R"({"jobtype":"Tick","args":[1]})"};
}

TEST(Schedules, FiresAtItsTimesEachOnce) {
  EngineHarness h;
  ASSERT_TRUE(h.engine.SetSchedule(Every10s()));
  h.Advance(Seconds(35));
  ASSERT_TRUE(h.Commit());
  ASSERT_EQ(h.store.tables().ready.size(), 3u);
  EXPECT_EQ(h.store.tables().ready.begin()->second.jid, "tick-1800000010000");
  EXPECT_NE(h.store.tables().ready.begin()->second.text.find(R"("args":[1])"), std::string::npos);
  const auto views = h.engine.Schedules("", 10, 2);
  ASSERT_EQ(views.size(), 1u);
  EXPECT_EQ(views[0].next, (std::vector{WallTime{1'800'000'040'000}, WallTime{1'800'000'050'000}}));
  EXPECT_EQ(views[0].last_jid, "tick-1800000030000");
}

TEST(Schedules, ARestartMakesUpForWhatWasMissed) {
  for (const auto& [catch_up, jobs] : {std::pair("none", 0u), {"coalesce", 1u}, {"all", 5u}}) {
    SCOPED_TRACE(catch_up);
    auto tables = std::make_shared<MemoryTables>();
    EngineOptions options;
    options.schedules = {Every10s("allow", catch_up)};
    WallTime end;
    {
      EngineHarness h(tables, options);
      h.Advance(Seconds(15));
      ASSERT_TRUE(h.Commit());
      ASSERT_EQ(tables->ready.size(), 1u);
      end = h.clock.WallNow();
    }
    EngineHarness h(tables, options, end + Seconds(100 * 60));
    h.Turns(200);
    h.Advance(Milliseconds(100));
    if (std::string_view(catch_up) == "all") {
      EXPECT_EQ(tables->ready.size(), 1u + 600u);
    } else {
      EXPECT_EQ(tables->ready.size(), 1u + (jobs > 0 ? 1u : 6u));  // "none": what is late by a minute at most
    }
  }
}

TEST(Schedules, AClockThatIsSetBackFiresNothingTwice) {
  auto tables = std::make_shared<MemoryTables>();
  EngineHarness h(tables);
  ASSERT_TRUE(h.engine.SetSchedule(Every10s("allow", "all")));
  h.Advance(Seconds(25));
  ASSERT_TRUE(h.Commit());
  ASSERT_EQ(tables->ready.size(), 2u);
  h.clock.StepWall(Seconds(-20));
  h.Advance(Seconds(19));
  ASSERT_TRUE(h.Commit());
  EXPECT_EQ(tables->ready.size(), 2u);
  h.Advance(Seconds(12));
  ASSERT_TRUE(h.Commit());
  EXPECT_EQ(tables->ready.size(), 3u);
}

TEST(Schedules, AFiringIsCommittedWithItsTime) {
  auto tables = std::make_shared<MemoryTables>();
  {
    EngineHarness h(tables);
    ASSERT_TRUE(h.engine.SetSchedule(Every10s("allow", "all")));
    ASSERT_TRUE(h.Commit());
    h.store.FailCommits(2, {Errc::kUnavailable, "away"});
    h.Advance(Seconds(15));
    ASSERT_TRUE(h.Commit());
    EXPECT_EQ(tables->ready.size(), 1u);
    h.store.HoldCommits();
    h.Advance(Seconds(10));
    EXPECT_EQ(tables->ready.size(), 1u);
  }  // a crash
  EngineHarness h(tables, {}, WallTime{1'800'000'026'000});
  h.Turns(50);
  EXPECT_EQ(tables->ready.size(), 2u);
}

TEST(Schedules, SkipLeavesAFiringOutWhileTheOneBeforeIsNotDone) {
  EngineHarness h;
  ASSERT_TRUE(h.engine.SetSchedule(Every10s("skip")));
  h.Advance(Seconds(25));
  EXPECT_EQ(h.store.tables().ready.size(), 1u);
  Fetched fetched(h.engine, "w", {"default"});
  h.Advance(Seconds(10));
  EXPECT_EQ(h.store.tables().ready.size(), 1u);
  ASSERT_TRUE(h.engine.Ack(fetched.jids().front(), ""));
  h.Advance(Seconds(10));
  EXPECT_EQ(h.store.tables().ready.size(), 1u);
  EXPECT_EQ(h.store.tables().ready.begin()->second.jid, "tick-1800000040000");
}

TEST(Schedules, ReplaceTakesTheEarlierJobBack) {
  EngineHarness h;
  ASSERT_TRUE(h.engine.SetSchedule(Every10s("replace")));
  h.Advance(Seconds(25));
  ASSERT_TRUE(h.Commit());
  ASSERT_EQ(h.store.tables().ready.size(), 1u);
  Fetched fetched(h.engine, "w", {"default"});
  ASSERT_EQ(fetched.jids(), std::vector<std::string>{"tick-1800000020000"});
  h.Advance(Seconds(10));
  EXPECT_EQ(h.engine.SetTrack("tick-1800000020000", {.percent = 1}).error().code, Errc::kCancelled);
}

TEST(Schedules, ReplaceTakesOverTheLockOfAUniqueJob) {
  EngineHarness h;
  ScheduleSpec spec = Every10s("replace");
  spec.job = R"({"jobtype":"Tick","args":[1],"custom":{"unique_for":3600}})";
  ASSERT_TRUE(h.engine.SetSchedule(std::move(spec)));
  h.Advance(Seconds(35));
  ASSERT_TRUE(h.Commit());
  ASSERT_EQ(h.store.tables().ready.size(), 1u);
  EXPECT_EQ(h.store.tables().ready.begin()->second.jid, "tick-1800000030000");
  // What runs is told to stop, and is replaced all the same.
  Fetched fetched(h.engine, "worker-1", {"default"});
  ASSERT_EQ(fetched.jobs.size(), 1u);
  h.Advance(Seconds(10));
  EXPECT_EQ(h.engine.SetTrack("tick-1800000030000", {}).error().code, Errc::kCancelled);
  Fetched next(h.engine, "worker-1", {"default"});
  ASSERT_EQ(next.jobs.size(), 1u);
  EXPECT_EQ(next.jobs[0].jid, "tick-1800000040000");
  // The end of the one that was replaced leaves the lock with the other.
  ASSERT_TRUE(h.engine.Ack("tick-1800000030000", ""));
  const auto unique = job::ParseJob(
      R"({"jid":"job-00001","jobtype":"Tick","args":[1],"custom":{"unique_for":3600}})", h.clock.WallNow());
  EXPECT_EQ(h.engine.Push(*unique).error().detail, "tick-1800000040000");
}

TEST(Schedules, SkipKnowsAfterARestartWhatIsNotDone) {
  auto tables = std::make_shared<MemoryTables>();
  {
    EngineHarness h(tables);
    ASSERT_TRUE(h.engine.SetSchedule(Every10s("skip")));
    h.Advance(Seconds(15));
    ASSERT_TRUE(h.Commit());
  }
  EngineHarness h(tables, {}, WallTime{1'800'000'016'000});
  h.Advance(Seconds(10));
  EXPECT_EQ(tables->ready.size(), 1u);
  Fetched fetched(h.engine, "w", {"default"});
  ASSERT_TRUE(h.engine.Ack(fetched.jids().front(), ""));
  h.Advance(Seconds(10));
  EXPECT_EQ(tables->ready.size(), 1u);
  EXPECT_EQ(tables->ready.begin()->second.jid, "tick-1800000030000");
}

TEST(Schedules, ARestartWithAFiringDueKnowsThatTheOneBeforeIsDone) {
  for (const bool is_configured : {false, true}) {
    SCOPED_TRACE(is_configured);
    auto tables = std::make_shared<MemoryTables>();
    EngineOptions options;
    if (is_configured) options.schedules = {Every10s("skip")};
    {
      EngineHarness h(tables, options);
      if (!is_configured) ASSERT_TRUE(h.engine.SetSchedule(Every10s("skip")));
      h.Advance(Seconds(15));
      Fetched fetched(h.engine, "w", {"default"});
      ASSERT_TRUE(h.engine.Ack(fetched.jids().front(), ""));
      ASSERT_TRUE(h.Commit());
      ASSERT_TRUE(tables->ready.empty());
    }
    tables->owner.reset();
    if (is_configured) options.schedules[0].catch_up = "all";  // and a change of the entry
    EngineHarness h(tables, options, WallTime{1'800'000'021'000});
    h.Turns(50);
    ASSERT_TRUE(h.Commit());
    ASSERT_EQ(tables->ready.size(), 1u);
    EXPECT_EQ(tables->ready.begin()->second.jid, "tick-1800000020000");
    h.Advance(Seconds(10));
    EXPECT_EQ(tables->ready.size(), 1u) << "the one before is not done";
  }
}

TEST(Schedules, PausedNothingFiresAndNothingIsMadeUpFor) {
  EngineHarness h;
  ASSERT_TRUE(h.engine.SetSchedule(Every10s("allow", "all")));
  ASSERT_TRUE(h.engine.PauseSchedule("tick"));
  h.Advance(Seconds(45));
  EXPECT_TRUE(h.store.tables().ready.empty());
  const auto jid = h.engine.RunSchedule("tick");
  ASSERT_TRUE(jid);
  ASSERT_TRUE(h.engine.ResumeSchedule("tick"));
  h.Advance(Seconds(6));
  ASSERT_TRUE(h.Commit());
  EXPECT_EQ(h.store.tables().ready.size(), 2u);
  ASSERT_TRUE(h.engine.RemoveSchedule("tick"));
  EXPECT_EQ(h.engine.PauseSchedule("tick").error().code, Errc::kNotFound);
  h.Advance(Seconds(20));
  EXPECT_EQ(h.store.tables().ready.size(), 2u);
}

TEST(Schedules, WhatIsGoneFromTheConfigurationGoes) {
  auto tables = std::make_shared<MemoryTables>();
  EngineOptions options;
  options.schedules = {Every10s()};
  {
    EngineHarness h(tables, options);
    ASSERT_TRUE(h.Commit());
    EXPECT_EQ(h.engine.Schedules("", 10, 0).size(), 1u);
  }
  EngineHarness h(tables);
  EXPECT_TRUE(h.engine.Schedules("", 10, 0).empty());
  ASSERT_TRUE(h.Commit());
  EXPECT_FALSE(tables->records.contains({"cron", "tick"}));
}

TEST(Schedules, OfTheConfigurationAreChangedThereAlone) {
  EngineOptions options;
  options.schedules = {Every10s()};
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  ScheduleSpec other = Every10s();
  other.name = "mine";
  ASSERT_TRUE(h.engine.SetSchedule(other));
  EXPECT_EQ(h.engine.SetSchedule(Every10s("skip")).error().code, Errc::kPermissionDenied);
  EXPECT_EQ(h.engine.RemoveSchedule("tick").error().detail,
            "schedule tick is of the configuration ([[jobs.cron]] or [[cron]]); change it there");
  EXPECT_TRUE(h.engine.PauseSchedule("tick"));
  EXPECT_TRUE(h.engine.ResumeSchedule("tick"));
  EXPECT_EQ(h.engine.Schedules("", 10, 0).size(), 2u);
  EXPECT_EQ(h.engine.Schedules("mine", 10, 0).size(), 1u);

  // A reload: one is new, takes over a name, and one is gone.
  h.engine.ConfigureSchedules({Every10s("skip"), other});
  h.Turns(20);
  EXPECT_EQ(h.engine.FindSchedule("tick", 0)->spec.overlap, "skip");
  EXPECT_TRUE(h.engine.FindSchedule("mine", 0)->spec.is_configured);
  h.engine.ConfigureSchedules({other});
  h.Turns(20);
  EXPECT_FALSE(h.engine.FindSchedule("tick", 0));
  ASSERT_TRUE(h.engine.SetSchedule(Every10s()));
  h.engine.ConfigureSchedules({});
  ASSERT_TRUE(h.Commit());
  EXPECT_EQ(h.engine.Schedules("", 10, 0).size(), 1u) << "what was set at run time stays";
  EXPECT_EQ(h.store.tables().records.count({"cron", "mine"}), 0u);
}

TEST(Schedules, FiresOnlyWhatIsEnabled) {
  EngineHarness h;
  ScheduleSpec spec = Every10s();
  spec.enabled = false;
  ASSERT_TRUE(h.engine.SetSchedule(spec));
  h.Advance(Seconds(45));
  EXPECT_TRUE(h.store.tables().ready.empty());
  EXPECT_TRUE(h.engine.FindSchedule("tick", 3)->next.empty());
  ASSERT_TRUE(h.engine.RunSchedule("tick"));
  ASSERT_TRUE(h.engine.SetSchedule(Every10s("allow", "all")));
  h.Advance(Seconds(6));
  ASSERT_TRUE(h.Commit());
  EXPECT_EQ(h.store.tables().ready.size(), 2u) << "what it has missed is left out";
}

std::vector<ScheduleSpec> ManySchedules(std::size_t count, const std::string& schedule,
                                        const std::string& overlap = "allow") {
  std::vector<ScheduleSpec> specs(count, Every10s(overlap));
  for (std::size_t i = 0; i < count; ++i) {
    specs[i].name = "s" + std::to_string(i);
    specs[i].schedule = schedule;
  }
  return specs;
}

constexpr std::size_t kMany = 10'000;

TEST(Schedules, NoTurnIsLongWhenManyAreConfiguredOrDueTogether) {
  EngineHarness h;
  std::vector<ScheduleSpec> specs = ManySchedules(kMany, "@every 5s");
  const net::Micros begun = net::ThreadCpuMicros();
  h.engine.ConfigureSchedules(std::move(specs));
  EXPECT_LT(net::ThreadCpuMicros() - begun, net::testing::kTurnMax);
  const auto has_last = [&] { return h.engine.FindSchedule("s9999", 0).has_value(); };  // by name
  EXPECT_LT(h.LongestTurn(has_last), net::testing::kTurnMax);
  ASSERT_TRUE(h.Commit());
  h.clock.Advance(Seconds(5));  // less than the lease
  const auto all_fired = [&] {
    h.clock.Advance(Milliseconds(1));
    return h.engine.counts().enqueued >= kMany;
  };
  EXPECT_LT(h.LongestTurn(all_fired), net::testing::kTurnMax);
  h.engine.ConfigureSchedules({});
  EXPECT_LT(h.LongestTurn([&] { return !has_last(); }), net::testing::kTurnMax);
  EXPECT_TRUE(h.engine.Schedules("", 10, 0).empty());
}

TEST(Schedules, AStartWithManyAsksTheStoreForAFewAtATime) {
  auto tables = std::make_shared<MemoryTables>();
  constexpr std::size_t kCount = 500;
  EngineOptions options;
  options.schedules = ManySchedules(kCount, "@every 10s", "skip");
  WallTime end;
  {
    EngineHarness h(tables, options);
    h.LongestTurn([&] { return h.engine.Schedules("", kCount, 0).size() == kCount; });  // all begin together
    h.Advance(Seconds(11));
    h.LongestTurn([&] { return h.engine.counts().enqueued == kCount; });
    ASSERT_TRUE(h.Commit());
    ASSERT_EQ(tables->ready.size(), kCount);
    end = h.clock.WallNow();
  }
  EngineHarness h(tables, options, end + Seconds(10));
  h.Turns(3000);
  EXPECT_LE(h.store.others_at_once(), Schedules::kLearnersMax + 10);  // others of the engine's
  // All are known not to be done: nothing fires.
  h.Advance(Seconds(5));
  EXPECT_EQ(h.engine.counts().enqueued, kCount);
}

TEST(Schedules, AStoreThatDoesNotSayWhatBecameOfTheLastJobIsAskedAgain) {
  auto tables = std::make_shared<MemoryTables>();
  WallTime end;
  {
    EngineHarness h(tables);
    ASSERT_TRUE(h.engine.SetSchedule(Every10s()));
    h.Advance(Seconds(11));
    ASSERT_TRUE(h.Commit());
    end = h.clock.WallNow();
  }
  EngineHarness h(tables, {}, end);
  h.store.FailOthers(1, {Errc::kUnavailable, "away"});
  ASSERT_TRUE(h.engine.SetSchedule(Every10s("skip")));  // now it matters
  h.Advance(Milliseconds(500));
  h.Advance(Seconds(10));
  EXPECT_EQ(h.engine.counts().enqueued, 1u) << "the one before is not done";
  Fetched fetched(h.engine, "worker-1", {"default"});
  ASSERT_EQ(fetched.jobs.size(), 1u);
  ASSERT_TRUE(h.engine.Ack(fetched.jobs[0].jid, ""));
  h.Advance(Seconds(10));
  EXPECT_EQ(h.engine.counts().enqueued, 1u) << "it goes on";
}

TEST(Schedules, AFiringByHandBeforeTheLastJobIsKnownStopsNothing) {
  auto tables = std::make_shared<MemoryTables>();
  WallTime end;
  {
    EngineHarness h(tables);
    ASSERT_TRUE(h.engine.SetSchedule(Every10s()));
    h.Advance(Seconds(11));
    ASSERT_TRUE(h.Commit());
    end = h.clock.WallNow();
  }
  EngineHarness h(tables, {}, end);
  h.store.FailOthers(1000, {Errc::kUnavailable, "away"});
  ASSERT_TRUE(h.engine.SetSchedule(Every10s("replace")));  // now it matters what became of it
  h.Advance(Milliseconds(1500));
  h.store.FailOthers(0, {});
  ASSERT_TRUE(h.engine.RunSchedule("tick"));
  h.Advance(Seconds(10));
  EXPECT_EQ(h.engine.Schedules("", 1, 0)[0].last_jid, "tick-1800000020000");
}

TEST(Schedules, AJobHasALimitInBytes) {
  auto tables = std::make_shared<MemoryTables>();
  ScheduleSpec spec = Every10s();
  const auto job_of = [](std::size_t bytes) {
    std::string job = R"({"jobtype":"Tick","args":[""]})";
    return job.insert(job.size() - 3, bytes - job.size(), 'x');
  };
  {
    EngineHarness h(tables);
    spec.job = job_of(kScheduleJobBytesMax + 1);
    EXPECT_EQ(h.engine.SetSchedule(spec).error(),
              (Error{Errc::kLimitExceeded, "the job of a schedule has 65537 bytes; it may have 65536"}));
    spec.job = job_of(kScheduleJobBytesMax);
    for (int i = 0; i < 300; ++i) {  // more than a page of the store's
      spec.name = "s" + std::to_string(i);
      ASSERT_TRUE(h.engine.SetSchedule(spec));
      h.Turns(2);
    }
    ASSERT_TRUE(h.Commit());
  }
  EngineHarness h(tables);
  h.Turns(2000);
  EXPECT_EQ(h.engine.Schedules("", 1000, 0).size(), 300u);
}

TEST(Schedules, AreNotMoreThanTheyMayBe) {
  EngineOptions options;
  options.schedules_max = 1;
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  ASSERT_TRUE(h.engine.SetSchedule(Every10s()));
  ASSERT_TRUE(h.engine.SetSchedule(Every10s("skip")));
  ScheduleSpec more = Every10s();
  more.name = "more";
  EXPECT_EQ(h.engine.SetSchedule(more),
            Fail(Errc::kLimitExceeded, "at most 1 schedules (jobs.schedules_max)"));
}

TEST(Schedules, RefusesWhatItCannotKeep) {
  EngineHarness h;
  struct Case {
    const char* name;
    void (*spoil)(ScheduleSpec&);
  };
  const Case cases[] = {
      {"name", [](ScheduleSpec& spec) { spec.name = "a b"; }},
      {"schedule", [](ScheduleSpec& spec) { spec.schedule = "* * *"; }},
      {"zone", [](ScheduleSpec& spec) { spec.zone = "Nowhere/At_All"; }},
      {"overlap", [](ScheduleSpec& spec) { spec.overlap = "both"; }},
      {"catch_up", [](ScheduleSpec& spec) { spec.catch_up = "some"; }},
      {"job without a type", [](ScheduleSpec& spec) { spec.job = R"({"args":[]})"; }},
      {"job with a jid",
       [](ScheduleSpec& spec) { spec.job = R"({"jid":"12345678","jobtype":"T","args":[]})"; }},
      {"no job", [](ScheduleSpec& spec) { spec.job = "[]"; }},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    ScheduleSpec spec = Every10s();
    c.spoil(spec);
    const auto set = h.engine.SetSchedule(spec);
    ASSERT_FALSE(set);
    EXPECT_FALSE(set.error().detail.empty());
  }
  EXPECT_TRUE(h.engine.Schedules("", 10, 0).empty());
}

}  // namespace
}  // namespace tidemill::jobs
