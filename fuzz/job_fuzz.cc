// links: job
// Any text: no crash; what is accepted becomes one line of JSON that is read as the same job again, also
// after it failed, and every refusal is one line.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/json.h"
#include "jobs/job/job.h"
#include "jobs/job/names.h"
#include "jobs/job/retry.h"

namespace {

using namespace tidemill;
using namespace tidemill::job;

constexpr WallTime kNow{1'764'000'000'123};

void CheckText(const Job& job) {
  std::string text;
  AppendText(job, text);
  TM_ASSERT(IsJsonObject(text));
  TM_ASSERT(text.find_first_of("\r\n") == std::string::npos);
  const auto again = ParseJob(text, kNow + Hours(1), text.size());
  TM_ASSERT(again.has_value());
  TM_ASSERT(*again == job);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto job = ParseJob({reinterpret_cast<const char*>(data), size}, kNow);
  if (!job) {
    TM_ASSERT(!job.error().detail.empty());
    TM_ASSERT(job.error().detail.find_first_of("\r\n") == std::string::npos);
    return 0;
  }
  TM_ASSERT(IsJid(job->jid) && IsType(job->type) && IsQueueName(job->queue));
  CheckText(*job);
  job->enqueued_at = kNow;
  // The count of what was never retried must not run over.
  if (Fail(*job, {.type = "E", .message = "\xff\n", .backtrace = {}}, kNow, size) == AfterFailure::kRetry) {
    TM_ASSERT(job->failure->next_at > kNow || !job->retry_schedule.empty());
  }
  job->failure->error = {.type = "E", .message = "m", .backtrace = {"l"}};
  CheckText(*job);
  return 0;
}
