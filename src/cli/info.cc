#include "cli/info.h"

#include <fmt/format.h>

#include <cstdint>
#include <memory>

#include "base/json.h"
#include "cli/api_client.h"
#include "cli/table.h"
#include "config/duration.h"

namespace tidemill::cli {
namespace {

struct Node {
  std::string name;
  std::string version;
  std::int64_t uptime_s = 0;
  std::uint64_t clients = 0;
  std::uint64_t users = 0;
  std::uint64_t subscriptions = 0;
  std::uint64_t channels = 0;
};

// Counts that are zero are left out.
Node ReadNode(JsonReader& json) {
  Node node;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "name") node.name = json.ReadString();
    if (*key == "version") node.version = json.ReadString();
    if (*key == "uptime") node.uptime_s = json.ReadInteger<std::int64_t>();
    if (*key == "num_clients") node.clients = json.ReadInteger<std::uint64_t>();
    if (*key == "num_users") node.users = json.ReadInteger<std::uint64_t>();
    if (*key == "num_subs") node.subscriptions = json.ReadInteger<std::uint64_t>();
    if (*key == "num_channels") node.channels = json.ReadInteger<std::uint64_t>();
  }
  return node;
}

}  // namespace

Result<std::string> NodesToText(std::string_view result) {
  constexpr bool kNumber = true;
  Table table({{"NODE"},
               {"VERSION"},
               {"UP", kNumber},
               {"CLIENTS", kNumber},
               {"USERS", kNumber},
               {"SUBSCRIPTIONS", kNumber},
               {"CHANNELS", kNumber}});
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key != "nodes") continue;
    json.EnterArray();
    while (json.NextElement()) {
      const Node node = ReadNode(json);
      table.Add({node.name, node.version, config::ToString(Seconds(node.uptime_s)),
                 fmt::to_string(node.clients), fmt::to_string(node.users), fmt::to_string(node.subscriptions),
                 fmt::to_string(node.channels)});
    }
  }
  TM_TRY(json.Finish());
  return table.ToText();
}

CommandSpec InfoCommand() {
  const auto options = std::make_shared<ApiOptions>();
  return {.name = "info",
          .help = "Shows the nodes of a running server and what they carry",
          .examples =
              "  tidemill info\n"
              "  tidemill info --json --config tidemill.toml\n",
          .parameters = WithApiParameters({}, *options),
          .settings = &options->settings,
          .run = [options](Io io) { return CallApi(*options, "info", "{}", NodesToText, io); }};
}

}  // namespace tidemill::cli
