// Settings of background jobs: jobs, and its queues.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/finding.h"
#include "config/secret.h"
#include "config/section_fwd.h"
#include "jobs/engine/options.h"
#include "jobs/engine/schedule_settings.h"
#include "jobs/limits/settings.h"

namespace tidemill::jobs {

// [[jobs.queues]]
struct JobQueueSettings {
  std::string durability = "durable";
  std::uint64_t depth_max = 10'000'000;
  // Of jobs that run at once, or begin; 0: no limit.
  std::uint32_t limit_concurrency = 0;
  std::uint32_t limit_worker_concurrency = 0;
  std::uint32_t limit_rate_count = 0;
  Duration limit_rate_period = Seconds(1);
  std::uint32_t limit_rate_burst = 0;
  std::string limit_key;
  std::uint32_t limit_key_concurrency = 0;
  std::uint32_t limit_key_rate_count = 0;
  Duration limit_key_rate_period = Seconds(1);
  std::uint32_t limit_key_rate_burst = 0;
  Duration limit_hold_for;
  // Of a queue whose jobs are sent to a URL: jobs/webhooks/settings.h reads them.
  std::string push_url;  // empty: it is none
  std::vector<config::Secret> push_secrets;
  Duration push_timeout = Seconds(30);
  std::uint32_t push_concurrency = 10;
  bool push_allow_private = false;
  friend bool operator==(const JobQueueSettings&, const JobQueueSettings&) = default;
};

struct JobsSettings {
  bool enabled = false;
  std::map<std::string, JobQueueSettings> queues;
  std::map<std::string, ScheduleSettings> schedules;            // [[jobs.cron]]
  std::map<std::string, FaktoryScheduleSettings> faktory_cron;  // [[cron]]
  std::map<std::string, ThrottleSettings> throttles;            // [throttles]
  std::uint64_t depth_max = 10'000'000;                         // of queues that are not among these
  std::uint32_t queues_max = 20'000;
  std::uint32_t workers_max = 100'000;
  std::uint32_t fetches_max = 10'000;   // over HTTP, that wait for a job at once
  std::uint32_t requests_max = 20'000;  // over HTTP, under way at once
  std::uint32_t unique_max = 1'000'000;
  std::uint32_t schedules_max = 10'000;
  std::uint32_t batches_max = 100'000;
  std::uint32_t workflow_jobs_max = 500'000;
  std::uint32_t signals_max = 100'000;
  std::uint64_t unflushed_rows_max = 500'000;
  std::uint64_t unflushed_bytes_max = 256u << 20;
  Duration rescue_after = Seconds(60);
  Duration dead_for = Hours(24 * 180);
  Duration results_for = Minutes(30);
  std::string ack = "flushed";
  friend bool operator==(const JobsSettings&, const JobsSettings&) = default;
};

EngineOptions OptionsOf(const JobsSettings& settings);
// What a reload takes over: what Engine::ConfigureSchedules and ConfigureLimits take.
std::vector<ScheduleSpec> SchedulesOf(const JobsSettings& settings);
std::map<std::string, QueueLimits, std::less<>> LimitsOf(const JobsSettings& settings);
// Schedules and limits that cannot be, or are there twice.
void Check(const JobsSettings& settings, config::Findings& findings);

config::Section<JobsSettings> JobsSection();
config::NamedTables<JobQueueSettings> JobQueueTables();

}  // namespace tidemill::jobs
