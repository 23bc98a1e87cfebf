#include "cli/refresh.h"

#include <fmt/format.h>

#include <memory>

#include "base/clock.h"
#include "base/json.h"
#include "cli/api_client.h"
#include "cli/target.h"
#include "config/duration.h"

namespace tidemill::cli {
namespace {

struct Options {
  ApiOptions api;
  Target target;
  std::string ttl;  // "": not given
  bool expired = false;
};

int Refresh(const Options& options, Io io) {
  if (options.ttl.empty() != options.expired) {
    return Misused(io,
                   "give --ttl, how long the connections are good for, or "
                   "--expired, which ends them");
  }
  const Result<Duration> ttl = options.expired ? Duration{} : config::ParseDuration(options.ttl);
  if (!ttl) return Misused(io, fmt::format("--ttl: {}", ttl.error().detail));
  const auto write_rest = [&](JsonWriter& json) {
    if (options.expired) {
      json.Member("expired", true);
    } else {
      json.Member("expire_at", *ttl > Duration{} ? (SystemClock().WallNow().ms + ttl->ms) / 1000 : 0);
    }
  };
  return ActOn(options.target, options.api, "refresh", write_rest, options.expired ? "expired" : "refreshed",
               io);
}

}  // namespace

CommandSpec RefreshCommand() {
  const auto options = std::make_shared<Options>();
  return {.name = "refresh",
          .help = "Prolongs or ends a user's connections",
          .examples =
              "  tidemill refresh 42 --ttl 1h\n"
              "  tidemill refresh 42 --expired --config tidemill.toml\n",
          .parameters = WithApiParameters(
              WithTarget(options->target,
                         {{"--ttl", &options->ttl, "Good for so long from now on; 0s: for ever"},
                          {"--expired", &options->expired, "Closes them, as if their tokens had expired"}}),
              options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return Refresh(*options, io); }};
}

}  // namespace tidemill::cli
