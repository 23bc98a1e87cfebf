#include "jobs/job_api/fetch_params.h"

#include <fmt/format.h>

#include <algorithm>

#include "jobs/job/names.h"

namespace tidemill::jobs {
namespace {

constexpr std::size_t kFetchQueuesMax = 256;
constexpr std::size_t kWorkerIdBytesMax = 128;

constexpr Member<FetchParams> kFetchMembers[] = {
    Optional<&FetchParams::queues>("queues"),
    Optional<&FetchParams::worker>("worker"),
    Optional<&FetchParams::wait>("wait"),
    Optional<&FetchParams::count>("count"),
};

}  // namespace

bool IsWorkerId(std::string_view text) {
  return !text.empty() && text.size() <= kWorkerIdBytesMax &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

api::Failure WrongWorkerId() {
  return OutOfRange("worker", fmt::format("1 to {} visible ASCII characters", kWorkerIdBytesMax));
}

void Read(JsonReader& json, FetchParams& params) {
  ReadMembers(json, params, kFetchMembers);
  if (params.queues.empty()) params.queues.emplace_back("default");
  if (params.refused) return;
  if (params.queues.size() > kFetchQueuesMax) {
    params.refused = OutOfRange("queues", fmt::format("at most {} names", kFetchQueuesMax));
  } else if (!std::ranges::all_of(params.queues, job::IsQueueName)) {
    params.refused = OutOfRange("queues", "names of letters, digits, and . _ -");
  } else if (!params.worker.empty() && !IsWorkerId(params.worker)) {
    params.refused = WrongWorkerId();
  } else if (!(params.wait >= 0 && params.wait <= kFetchWaitMax)) {
    params.refused = OutOfRange("wait", fmt::format("0 to {} seconds", kFetchWaitMax));
  } else if (params.count < 1 || params.count > kFetchCountMax) {
    params.refused = OutOfRange("count", fmt::format("1 to {}", kFetchCountMax));
  }
}

}  // namespace tidemill::jobs
