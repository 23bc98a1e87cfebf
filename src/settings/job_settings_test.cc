#include <gtest/gtest.h>

#include "jobs/engine/settings.h"
#include "settings/testing/settings_test.h"

namespace tidemill::settings {
namespace {

class JobSettingsTest : public testing::SettingsTest {};

// What Faktory's pages on cron and throttling show, put together (wiki/Ent-Cron, wiki/Ent-Throttling).
constexpr std::string_view kFaktory = R"(
[[cron]]
  schedule = "*/5 * * * *"
  [cron.job]
    type = "FiveJob"
    queue = "critical"
    [cron.job.custom]
      foo = "bar"

[[cron]]
  schedule = "12 * * * *"
  [cron.job]
    type = "HourlyReport"
    retry = 3

[[cron]]
  schedule = "* * * * *"
  [cron.job]
    type = "EveryMinute"

[throttles]
  instagram = { concurrency = 4, timeout = 60 }
  bulk = { worker = 5, timeout = 60 }
)";

TEST_F(JobSettingsTest, TakesFaktorysCronAndThrottlesAsTheyAre) {
  const Result<Settings> loaded = LoadText(kFaktory);
  ASSERT_TRUE(loaded) << loaded.error().detail;
  const std::vector<jobs::ScheduleSpec> specs = jobs::SchedulesOf(loaded->jobs);
  ASSERT_EQ(specs.size(), 3u);
  EXPECT_EQ(specs[1],
            (jobs::ScheduleSpec{.name = "FiveJob",
                                .schedule = "*/5 * * * *",
                                .job = R"({"jobtype":"FiveJob","queue":"critical","args":[],"retry":25,)"
                                       R"("reserve_for":1800,"custom":{"foo":"bar"}})",
                                .is_configured = true}));
  EXPECT_EQ(specs[2].name, "HourlyReport");
  EXPECT_TRUE(specs[2].job.contains(R"("retry":3)"));
  const auto limits = jobs::LimitsOf(loaded->jobs);
  EXPECT_EQ(limits.at("instagram"), (jobs::QueueLimits{.concurrency = 4, .hold_for = Seconds(60)}));
  EXPECT_EQ(limits.at("bulk"), (jobs::QueueLimits{.worker_concurrency = 5, .hold_for = Seconds(60)}));
}

TEST_F(JobSettingsTest, MakesASpecOfASchedule) {
  const Result<Settings> loaded = LoadText(
      "[[jobs.cron]]\nname = \"nightly\"\nschedule = \"30 3 * * MON-FRI\"\nzone = \"Europe/Berlin\"\n"
      "queue = \"mail\"\ntype = \"report\"\nargs = [\"daily\", {deep = [1, 2]}]\nretry = -1\n"
      "reserve_for = \"5m\"\npriority = 9\nunique_for = \"1h\"\nunique_until = \"start\"\n"
      "custom = {tenant = 7}\noverlap = \"skip\"\ncatch_up = \"none\"\nenabled = false\n");
  ASSERT_TRUE(loaded) << loaded.error().detail;
  EXPECT_EQ(jobs::SchedulesOf(loaded->jobs),
            (std::vector{jobs::ScheduleSpec{
                .name = "nightly",
                .schedule = "30 3 * * MON-FRI",
                .zone = "Europe/Berlin",
                .overlap = "skip",
                .catch_up = "none",
                .job = R"({"jobtype":"report","queue":"mail","args":["daily",{"deep":[1,2]}],"retry":-1,)"
                       R"("reserve_for":300,"priority":9,"custom":{"unique_for":3600,"unique_until":"start",)"
                       R"("tenant":7}})",
                .enabled = false,
                .is_configured = true}}));
}

TEST_F(JobSettingsTest, RefusesWhatCannotBe) {
  struct Case {
    std::string_view text;
    std::string_view message;
  };
  const Case cases[] = {
      {"[[jobs.cron]]\nname = \"a\"\ntype = \"t\"", "jobs.cron.a.schedule: is missing"},
      {"[[jobs.cron]]\nname = \"a\"\ntype = \"t\"\nschedule = \"* * *\"",
       "tidemill.toml:4: jobs.cron.a.schedule: "},
      {"[[jobs.cron]]\nname = \"a\"\ntype = \"t\"\nschedule = \"@daily\"\nzone = \"Nowhere\"",
       "tidemill.toml:5: jobs.cron.a.zone: "},
      {"[[jobs.cron]]\nname = \"a\"\nschedule = \"@daily\"", "jobs.cron.a.type: "},
      {"[[jobs.cron]]\nname = \"a\"\nschedule = \"@daily\"\ntype = \"t\"\nexpression = \"@daily\"",
       "tidemill.toml:5: jobs.cron.a.expression: unknown"},
      {"[[cron]]\nschedule = \"@daily\"\n[cron.job]\ntype = \"T\"\nretries = 3",
       "tidemill.toml:5: cron.T.job.retries: unknown"},
      {"[[cron]]\nschedule = \"@daily\"", "tidemill.toml:1: cron: a schedule of Faktory without job.type"},
      {"[[cron]]\nschedule = \"@daily\"\njob.type = "
       "\"a-type-of-sixty-five-bytes-which-is-one-more-than-a-name-can-have\"",
       "cron: job.type = "
       "\"a-type-of-sixty-five-bytes-which-is-one-more-than-a-name-can-have\": has more "
       "than 64 bytes"},
      {"[[cron]]\nschedule = \"@daily\"\njob.type = \"a\"\n[[jobs.cron]]\nname = \"a\"\ntype = \"t\"\n"
       "schedule = \"@daily\"",
       "tidemill.toml:7: jobs.cron.a.schedule: a schedule of [[cron]] is called a too; give one of them "
       "another "
       "name"},
      {"jobs.nodes.address = \"10.0.0.7\"",
       "tidemill.toml:1: jobs.nodes.address = \"10.0.0.7\": must be host:port, as in \"10.0.0.7:7420\", and "
       "no more"},
      {"jobs.nodes.address = \"10.0.0.7:7420/x\"",
       "tidemill.toml:1: jobs.nodes.address = \"10.0.0.7:7420/x\": must be host:port"},
      {"jobs.nodes.address = \"me@node:7420\"",
       "tidemill.toml:1: jobs.nodes.address = \"me@node:7420\": must be host:port"},
      {"jobs.nodes.address = \"node:0\"",
       "tidemill.toml:1: jobs.nodes.address = \"node:0\": must be host:port"},
      {"jobs.nodes.address = \"fe80::1:7420\"",
       "tidemill.toml:1: jobs.nodes.address = \"fe80::1:7420\": must be host:port"},
      {"jobs.nodes.address = \"unix:/run/x.sock\"",
       "tidemill.toml:1: jobs.nodes.address = \"unix:/run/x.sock\": must be host:port"},
      {"jobs.nodes.key = \"0123456789abcdef\"\njobs.nodes.listen = [\"unix:/run/x.sock\"]",
       "tidemill.toml:2: jobs.nodes.listen = \"unix:/run/x.sock\": must be host:port: other nodes reach no "
       "Unix socket"},
      {"jobs.nodes.key = \"0123456789abcdef\"\njobs.nodes.listen = [\"10.0.0.7\"]",
       "tidemill.toml:2: jobs.nodes.listen = \"10.0.0.7\": "},
      {"jobs.schedules_max = 1\n[[cron]]\nschedule = \"@daily\"\njob.type = \"a\"\n[[cron]]\n"
       "schedule = \"@daily\"\njob.type = \"a\"",
       "tidemill.toml:1: jobs.schedules_max = 1: the configuration has 2"},
      {"[throttles]\nq = {limit = 3}", "tidemill.toml:2: throttles.q.limit: unknown"},
      {"[[jobs.queues]]\nname = \"q\"\nlimits.key = \"args\"",
       "tidemill.toml:3: jobs.queues.q.limits.key: key must be a JSON pointer"},
      {"[throttles]\nq = {worker = 3}\n[[jobs.queues]]\nname = \"q\"\nlimits.concurrency = 2",
       "jobs.queues.q: has limits, and so has throttles.q; one of the two"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_TRUE(Why(LoadText(c.text)).starts_with(c.message)) << Why(LoadText(c.text));
  }
}

TEST_F(JobSettingsTest, LimitsAreThoseOfQueues) {
  const Result<Settings> loaded = LoadText(
      "[[jobs.queues]]\nname = \"q\"\nlimits.rate.count = 10\nlimits.rate.period = \"1m\"\n"
      "limits.key = \"/args/0\"\nlimits.key_concurrency = 1\n[[jobs.queues]]\nname = \"free\"\n");
  ASSERT_TRUE(loaded) << loaded.error().detail;
  const auto limits = jobs::LimitsOf(loaded->jobs);
  EXPECT_EQ(limits.size(), 1u);
  EXPECT_EQ(limits.at("q"), (jobs::QueueLimits{.rate = jobs::Rate{.count = 10, .period = Seconds(60)},
                                               .key = "/args/0",
                                               .key_concurrency = 1}));
}

}  // namespace
}  // namespace tidemill::settings
