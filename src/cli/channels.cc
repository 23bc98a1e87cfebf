#include "cli/channels.h"

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <memory>

#include "base/json.h"
#include "cli/api_client.h"
#include "cli/table.h"

namespace tidemill::cli {
namespace {

struct Options {
  ApiOptions api;
  std::string pattern;  // a glob; "": all
};

std::uint64_t ReadClients(JsonReader& json) {
  std::uint64_t clients = 0;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "num_clients") clients = json.ReadInteger<std::uint64_t>();
  }
  return clients;
}

Result<std::string> ToText(std::string_view result) {
  std::map<std::string, std::uint64_t> channels;
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key != "channels") continue;
    json.EnterObject();
    while (const auto name = json.NextKey()) {
      std::string channel(*name);
      channels.emplace(std::move(channel), ReadClients(json));
    }
  }
  TM_TRY(json.Finish());
  Table table({{.head = "CLIENTS", .is_number = true}, {"CHANNEL"}});
  for (const auto& [name, clients] : channels) table.Add({fmt::to_string(clients), name});
  return table.ToText();
}

int Channels(const Options& options, Io io) {
  std::string params;
  JsonWriter json(params);
  json.BeginObject();
  if (!options.pattern.empty()) json.Member("pattern", options.pattern);
  json.EndObject();
  return CallApi(options.api, "channels", std::move(params), ToText, io);
}

}  // namespace

CommandSpec ChannelsCommand() {
  const auto options = std::make_shared<Options>();
  return {.name = "channels",
          .help = "Lists the channels that somebody follows",
          .examples =
              "  tidemill channels\n"
              "  tidemill channels 'chat:*' --config tidemill.toml\n",
          .parameters = WithApiParameters({{.name = "PATTERN",
                                            .value = &options->pattern,
                                            .help = "Glob: * ? [a-z]; else all channels",
                                            .optional = true}},
                                          options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return Channels(*options, io); }};
}

}  // namespace tidemill::cli
