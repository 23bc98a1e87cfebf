// What a firing does while the job of the firing before it is not done. Any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace tidemill::cron {

enum class Overlap : std::uint8_t {
  kAllow,    // both run
  kSkip,     // the new firing is left out
  kReplace,  // the earlier job is cancelled, and the new one takes its place
};
// "allow", "skip", "replace"; kInvalidArgument names them.
Result<Overlap> ParseOverlap(std::string_view text);

// Where the job of the firing before is. One that waits for its next retry is not done.
enum class Previous : std::uint8_t { kDone, kWaiting, kRunning };

enum class Firing : std::uint8_t {
  kPush,
  kLeaveOut,
  kRemoveAndPush,  // the earlier job never ran: it is taken out of its queue
  kCancelAndPush,  // its worker is told to stop; the new job does not wait for that
};
Firing OnFiring(Overlap overlap, Previous previous);

}  // namespace tidemill::cron
