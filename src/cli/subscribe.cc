#include "cli/subscribe.h"

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
  std::string info;  // JSON; "": none
  std::string data;  // the same
};

int Subscribe(const Options& options, Io io) {
  if (!options.info.empty() && !IsJson(options.info)) return Misused(io, "--info: not JSON");
  if (!options.data.empty() && !IsJson(options.data)) return Misused(io, "--data: not JSON");
  const auto write_rest = [&options](JsonWriter& json) {
    json.Member("channel", options.channel);
    if (!options.info.empty()) json.RawMember("info", options.info);
    if (!options.data.empty()) json.RawMember("data", options.data);
  };
  return ActOn(options.target, options.api, "subscribe", write_rest, "subscribed", io);
}

}  // namespace

CommandSpec SubscribeCommand() {
  const auto options = std::make_shared<Options>();
  return {.name = "subscribe",
          .help = "Subscribes a user's connections to a channel",
          .examples =
              "  tidemill subscribe 42 demo:chat\n"
              "  tidemill subscribe 42 chat:one --data "
              "'{\"welcome\":true}' --config tidemill.toml\n",
          .parameters = WithApiParameters(
              WithTarget(options->target,
                         {{"CHANNEL", &options->channel, "The channel"},
                          {"--info", &options->info, "JSON that others see of the client in this channel"},
                          {"--data", &options->data, "JSON that the client gets with the subscription"}}),
              options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return Subscribe(*options, io); }};
}

}  // namespace tidemill::cli
