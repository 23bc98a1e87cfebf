// What a job's member "custom" asks the server for. Everything else in it is the producer's own. Any thread.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "jobs/job/job.h"

namespace tidemill::job {

inline constexpr std::size_t kUniqueKeyBytesMax = 256;
inline constexpr std::size_t kUniqueArgsBytesMax = 64 << 10;  // of a job that is unique by them
inline constexpr std::size_t kBatchIdBytesMax = 128;
inline constexpr Duration kUniqueForMax = Hours(24 * 366);
inline constexpr std::size_t kRetryScheduleMax = 100;

struct CustomContext {
  std::string_view args;        // the JSON array
  std::string_view created_at;  // a JSON string, from which expires_in counts; `now` where there is none
  WallTime now;
};
// Takes over into `job` what `custom` (a JSON object) says; the job's queue and type must be known already.
Result<> ApplyCustom(std::string_view custom, const CustomContext& context, Job& job);

}  // namespace tidemill::job
