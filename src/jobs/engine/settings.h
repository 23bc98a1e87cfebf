// Settings of background jobs: jobs, and its queues.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/secret.h"
#include "config/section_fwd.h"
#include "jobs/engine/options.h"

namespace tidemill::jobs {

// [[jobs.queues]]
struct JobQueueSettings {
  std::string durability = "durable";
  std::uint64_t depth_max = 10'000'000;
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
  std::uint64_t depth_max = 10'000'000;  // of queues that are not among these
  std::uint32_t queues_max = 20'000;
  std::uint32_t workers_max = 100'000;
  Duration rescue_after = Seconds(60);
  Duration dead_for = Hours(24 * 180);
  Duration results_for = Minutes(30);
  friend bool operator==(const JobsSettings&, const JobsSettings&) = default;
};

EngineOptions OptionsOf(const JobsSettings& settings);

config::Section<JobsSettings> JobsSection();
config::NamedTables<JobQueueSettings> JobQueueTables();

}  // namespace tidemill::jobs
