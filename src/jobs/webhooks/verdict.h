// What an endpoint's answer means for the job. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/result.h"
#include "http/client.h"
#include "jobs/job/failure.h"
#include "jobs/job/value.h"

namespace tidemill::webhooks {

inline constexpr std::size_t kResultBytesMax = job::kValueBytesMax;
inline constexpr Duration kRetryAfterMax = Hours(1);
// 202 with this header, "later": somebody says over the HTTP API what becomes of the job.
inline constexpr std::string_view kCompletionHeader = "tidemill-completion";

// 2xx.
struct Done {
  std::string result;  // JSON; empty: none, or longer than kResultBytesMax
  friend bool operator==(const Done&, const Done&) = default;
};
// 202 and the header: the job stays reserved.
struct Later {
  friend bool operator==(const Later&, const Later&) = default;
};
// 410: nothing may be sent there any more. The job goes back.
struct Gone {
  friend bool operator==(const Gone&, const Gone&) = default;
};
// 429, 503 with Retry-After: nothing for so long. The job goes back.
struct SlowDown {
  Duration pause;
  friend bool operator==(const SlowDown&, const SlowDown&) = default;
};
// Everything else: the job fails, and is tried again as it says.
struct Failed {
  job::ErrorReport error;
  bool is_outage = false;  // no answer, or 5xx: it is the endpoint, not the job
  friend bool operator==(const Failed&, const Failed&) = default;
};
using Verdict = std::variant<Done, Later, Gone, SlowDown, Failed>;

// `where` is the endpoint as it may be shown: without its query.
Verdict Judge(const Result<http::ClientResponse>& response, std::string_view where, WallTime now);

}  // namespace tidemill::webhooks
