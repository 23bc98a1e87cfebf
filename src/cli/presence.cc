#include "cli/presence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <tuple>

#include "base/json.h"
#include "cli/api_client.h"
#include "cli/table.h"

namespace tidemill::cli {
namespace {

struct Options {
  ApiOptions api;
  std::string channel;
  bool count = false;
};

struct Client {
  std::string user;
  std::string client;
  std::string connection_info;  // JSON
  std::string channel_info;
};

std::string ReadOnOneLine(JsonReader& json) {
  std::string line;
  JsonWriter(line).RawOnOneLine(json.ReadRaw());
  return line;
}

Client ReadClient(JsonReader& json) {
  Client client;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "user") client.user = json.ReadString();
    if (*key == "client") client.client = json.ReadString();
    if (*key == "conn_info") client.connection_info = ReadOnOneLine(json);
    if (*key == "chan_info") client.channel_info = ReadOnOneLine(json);
  }
  return client;
}

Result<std::string> ToText(std::string_view result) {
  std::vector<Client> clients;
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key != "presence") continue;
    json.EnterObject();
    while (json.NextKey()) clients.push_back(ReadClient(json));
  }
  TM_TRY(json.Finish());
  std::ranges::sort(clients, {}, [](const Client& c) { return std::tie(c.user, c.client); });
  Table table({{"USER"}, {"CLIENT"}, {"CONN_INFO"}, {"CHAN_INFO"}});
  for (const Client& c : clients) table.Add({c.user, c.client, c.connection_info, c.channel_info});
  return table.ToText();
}

Result<std::string> CountsToText(std::string_view result) {
  std::uint64_t clients = 0;
  std::uint64_t users = 0;
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "num_clients") clients = json.ReadInteger<std::uint64_t>();
    if (*key == "num_users") users = json.ReadInteger<std::uint64_t>();
  }
  TM_TRY(json.Finish());
  Table table({{.head = "CLIENTS", .is_number = true}, {.head = "USERS", .is_number = true}});
  table.Add({fmt::to_string(clients), fmt::to_string(users)});
  return table.ToText();
}

int Presence(const Options& options, Io io) {
  std::string params;
  JsonWriter json(params);
  json.BeginObject();
  json.Member("channel", options.channel);
  json.EndObject();
  return options.count ? CallApi(options.api, "presence_stats", std::move(params), CountsToText, io)
                       : CallApi(options.api, "presence", std::move(params), ToText, io);
}

}  // namespace

CommandSpec PresenceCommand() {
  const auto options = std::make_shared<Options>();
  return {.name = "presence",
          .help = "Shows who is in a channel",
          .examples =
              "  tidemill presence demo:chat\n"
              "  tidemill presence chat:one --count --config tidemill.toml\n",
          .parameters = WithApiParameters(
              {{"CHANNEL", &options->channel, "The channel; its namespace must have presence"},
               {"--count", &options->count, "Only how many clients and users there are"}},
              options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return Presence(*options, io); }};
}

}  // namespace tidemill::cli
