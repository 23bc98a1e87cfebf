// What a call is about, for the audit log.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tidemill::api {

inline constexpr std::size_t kAuditTargetBytesMax = 400;

// `channel="demo:news" user="ann"`: those members of the parameters, a JSON object, that name something. What
// is published or passed to a job is not among them. Cut at kAuditTargetBytesMax, on a whole character; what
// cannot be read is left out.
std::string AuditTarget(std::string_view params);

}  // namespace tidemill::api
