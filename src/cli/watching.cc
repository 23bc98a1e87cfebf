#include "cli/watching.h"

#include <fmt/format.h>

#include <memory>
#include <optional>

#include "cli/jobs/jobs_call.h"

namespace tidemill::cli {

std::vector<Parameter> WatchParameters(std::string_view once, WatchOptions& options) {
  return WithApiParameters(
      {{"--once", &options.once, once}, {"--every", &options.every, "Seconds from one to the next"}},
      options.api);
}

int RunWatch(const WatchOptions& options, Io io, const Watch& watch) {
  const std::optional<std::int64_t> seconds = ToWhole(options.every, 1);
  if (!seconds || *seconds > 3600) {
    return Misused(io, fmt::format("--every: \"{}\" is no number of seconds from 1 to 3600", options.every));
  }
  const Result<std::unique_ptr<ApiClient>> client = ApiClient::Open(options.api);
  if (!client) return ReportApiError(client.error(), io);
  return watch(**client, Seconds(*seconds));
}

}  // namespace tidemill::cli
