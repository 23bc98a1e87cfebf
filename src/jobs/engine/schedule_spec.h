// ScheduleSpec: what somebody wants to be pushed again and again, and how the engine shows it. Values.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace tidemill::jobs {

inline constexpr std::size_t kScheduleNameBytesMax = 64;
inline constexpr std::size_t kScheduleJobBytesMax = 64 << 10;

struct ScheduleSpec {
  std::string name;                   // letters, digits, and . _ -
  std::string schedule;               // jobs/cron/README.md: "*/5 * * * *", "@daily", "@every 90s"
  std::string zone = "UTC";           // an IANA name
  std::string overlap = "allow";      // allow, skip, replace
  std::string catch_up = "coalesce";  // none, coalesce, all
  std::string job;                    // a job as a producer pushes it, without its jid
  bool enabled = true;                // false: it is kept and does not fire
  bool is_configured = false;         // by the configuration; it goes when it is no longer there
  friend bool operator==(const ScheduleSpec&, const ScheduleSpec&) = default;
};

struct ScheduleView {
  ScheduleSpec spec;
  std::string in_words;  // "at 03:30 on weekdays, Europe/Berlin"
  bool paused = false;
  std::optional<WallTime> fired_at;  // the last firing
  std::string last_jid;
  std::vector<WallTime> next;
};

// The record's value.
struct ScheduleRecord {
  ScheduleSpec spec;
  bool paused = false;
  WallTime fired_until;
  std::optional<WallTime> fired_at;
  std::string last_jid;
  friend bool operator==(const ScheduleRecord&, const ScheduleRecord&) = default;
};
std::string ToJson(const ScheduleRecord& record);
Result<ScheduleRecord> ParseScheduleRecord(std::string_view json);

// kLimitExceeded: its job is too long.
Result<> CheckSize(const ScheduleSpec& spec);

// The text of the job with that jid. kInvalidArgument: `job` is no object, or has a jid.
Result<std::string> WithJid(std::string_view job, std::string_view jid);

}  // namespace tidemill::jobs
