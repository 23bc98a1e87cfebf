#include "jobs/cron/overlap.h"

#include <fmt/format.h>

namespace tidemill::cron {

Result<Overlap> ParseOverlap(std::string_view text) {
  if (text == "allow") return Overlap::kAllow;
  if (text == "skip") return Overlap::kSkip;
  if (text == "replace") return Overlap::kReplace;
  return Fail(Errc::kInvalidArgument, fmt::format("\"{}\": accepted are allow, skip, replace", text));
}

Firing OnFiring(Overlap overlap, Previous previous) {
  if (previous == Previous::kDone || overlap == Overlap::kAllow) return Firing::kPush;
  if (overlap == Overlap::kSkip) return Firing::kLeaveOut;
  return previous == Previous::kWaiting ? Firing::kRemoveAndPush : Firing::kCancelAndPush;
}

}  // namespace tidemill::cron
