// Failure: what is known of the last time that a job failed, and how it goes on from there.
//
// A value; pure functions. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace tidemill::job {

inline constexpr std::size_t kErrorTypeBytesMax = 100;
inline constexpr std::size_t kErrorMessageBytesMax = 1000;
inline constexpr std::size_t kBacktraceLinesMax = 50;
inline constexpr std::size_t kBacktraceLineBytesMax = 1000;

// What a worker said. Reported() cuts it to the limits.
struct ErrorReport {
  std::string type;
  std::string message;
  std::vector<std::string> backtrace;
  friend bool operator==(const ErrorReport&, const ErrorReport&) = default;
};
// Cut at whole characters; an empty type or message is "unknown".
ErrorReport Reported(ErrorReport report);

// What Faktory gives a job whose reservation ran out.
ErrorReport ReservationExpired();

// A job's member "failure".
struct Failure {
  std::int64_t retry_count = 0;  // retries that were begun: 0 after the first failure
  std::int64_t remaining = 0;
  WallTime failed_at;
  std::optional<WallTime> next_at;  // not of the dead
  ErrorReport error;
  friend bool operator==(const Failure&, const Failure&) = default;
};
// Gives the object. Members that are not known are left out.
Result<Failure> ParseFailure(std::string_view json);
void AppendFailure(const Failure& failure, std::string& out);

}  // namespace tidemill::job
