// QueueLimits: how many jobs of a queue may run at once and how fast they may begin, in all, for each worker
// and for each key. A value; pure functions. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/job/flow.h"

namespace tidemill::jobs {

inline constexpr int kUnitsMax = 1'000'000;
inline constexpr std::size_t kPointerBytesMax = 256;
inline constexpr Duration kPeriodMax = Hours(24 * 31);

// A token bucket: `count` in each `period`, and up to `burst` at once after a pause.
struct Rate {
  int count = 1;
  Duration period = Seconds(1);
  int burst = 0;  // 0: count
  friend bool operator==(const Rate&, const Rate&) = default;
};

// A job counts as much as its custom.weight says, or 1. One that is heavier than a limit runs alone.
struct QueueLimits {
  int concurrency = 0;         // 0: no limit; so for the others
  int worker_concurrency = 0;  // of each worker
  std::optional<Rate> rate;
  // What a job's key is: a JSON pointer (RFC 6901) into the job, like /args/0 or /custom/tenant; empty:
  // custom.limit_key. A job without a key is not limited by key.
  std::string key;
  int key_concurrency = 0;
  std::optional<Rate> key_rate;
  // A job that runs longer counts no more (Faktory's throttle timeout); 0: until its end.
  Duration hold_for;

  bool limits_keys() const { return key_concurrency > 0 || key_rate.has_value(); }
  bool limits_anything() const {
    return concurrency > 0 || worker_concurrency > 0 || rate.has_value() || limits_keys();
  }
  friend bool operator==(const QueueLimits&, const QueueLimits&) = default;
};

// kInvalidArgument: names the member, and what is accepted.
Result<> Check(const QueueLimits& limits);

// The key of a job; empty: it has none. A text of up to kLimitKeyBytesMax bytes, a longer one's digest.
// Objects, lists and null are no keys.
std::string LimitKeyOf(const QueueLimits& limits, std::string_view job_text,
                       const std::optional<job::Flow>& flow);

}  // namespace tidemill::jobs
