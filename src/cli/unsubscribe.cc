#include "cli/unsubscribe.h"

#include <memory>

#include "base/json.h"
#include "cli/api_client.h"
#include "cli/target.h"

namespace tidemill::cli {
namespace {

struct Options {
  ApiOptions api;
  Target target;
  std::string channel;
  bool all = false;
};

int Unsubscribe(const Options& options, Io io) {
  if (options.channel.empty() != options.all) {
    return Misused(io, "name the CHANNEL, or give --all for every channel of the user");
  }
  const auto write_rest = [&options](JsonWriter& json) { json.Member("channel", options.channel); };
  return ActOn(options.target, options.api, "unsubscribe", write_rest, "unsubscribed", io);
}

}  // namespace

CommandSpec UnsubscribeCommand() {
  const auto options = std::make_shared<Options>();
  return {.name = "unsubscribe",
          .help = "Ends a user's subscriptions",
          .examples =
              "  tidemill unsubscribe 42 demo:chat\n"
              "  tidemill unsubscribe 42 --all --config tidemill.toml\n",
          .parameters = WithApiParameters(
              WithTarget(
                  options->target,
                  {{.name = "CHANNEL", .value = &options->channel, .help = "The channel", .optional = true},
                   {"--all", &options->all, "Every channel of the user"}}),
              options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return Unsubscribe(*options, io); }};
}

}  // namespace tidemill::cli
