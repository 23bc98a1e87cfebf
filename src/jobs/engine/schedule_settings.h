// Schedules in the settings: [[jobs.cron]], and Faktory's [[cron]].
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "config/finding.h"
#include "config/json_value.h"
#include "config/section_fwd.h"
#include "jobs/engine/schedule_spec.h"

namespace tidemill::jobs {

// [[jobs.cron]]
struct ScheduleSettings {
  std::string schedule;
  std::string zone = "UTC";
  std::string queue = "default";
  std::string type;
  config::JsonArray args;
  std::int64_t retry = 25;
  Duration reserve_for = Seconds(1800);
  std::uint32_t priority = 5;
  Duration unique_for;  // 0: not unique
  std::string unique_until = "success";
  config::JsonObject custom;
  std::string overlap = "allow";
  std::string catch_up = "coalesce";
  bool enabled = true;
  friend bool operator==(const ScheduleSettings&, const ScheduleSettings&) = default;
};
ScheduleSpec SpecOf(std::string_view name, const ScheduleSettings& settings);

// [[cron]], as Faktory Enterprise reads it; the name is the job's type.
struct FaktoryScheduleSettings {
  std::string schedule;
  std::string type;
  std::string queue = "default";
  config::JsonArray args;
  std::int64_t retry = 25;
  std::uint32_t reserve_for = 1800;  // s
  std::uint32_t backtrace = 0;
  config::JsonObject custom;
  friend bool operator==(const FaktoryScheduleSettings&, const FaktoryScheduleSettings&) = default;
};
ScheduleSpec SpecOf(std::string_view name, const FaktoryScheduleSettings& settings);

// What is wrong with a schedule. `prefix` stands before its keys: "jobs.cron.report.".
void Check(const ScheduleSettings& settings, const std::string& prefix, config::Findings& findings);
void Check(const FaktoryScheduleSettings& settings, const std::string& prefix, config::Findings& findings);

config::NamedTables<ScheduleSettings> ScheduleTables();
config::NamedTables<FaktoryScheduleSettings> FaktoryScheduleTables();

}  // namespace tidemill::jobs
