// presence and presence_stats.
#include <utility>

#include "api/commands.h"
#include "api/results.h"

namespace tidemill::api {

Task<Outcome> Commands::Run(PresenceRequest request, std::string& out) {
  const auto entries = co_await services_.publisher.Presence({.channel = std::move(request.channel)});
  if (!entries) co_return std::unexpected(entries.error());
  JsonWriter json(out);
  json.BeginObject();
  json.Key("presence");
  json.BeginObject();
  for (const protocol::ClientInfo& info : *entries) {
    json.DynamicKey(info.client);
    WriteClientInfo(info, json);
  }
  json.EndObject();
  json.EndObject();
  co_return Outcome();
}

Task<Outcome> Commands::Run(PresenceStatsRequest request, std::string& out) {
  const auto stats = co_await services_.publisher.PresenceCounts({.channel = std::move(request.channel)});
  if (!stats) co_return std::unexpected(stats.error());
  JsonWriter json(out);
  json.BeginObject();
  if (stats->clients > 0) json.Member("num_clients", stats->clients);
  if (stats->users > 0) json.Member("num_users", stats->users);
  json.EndObject();
  co_return Outcome();
}

}  // namespace tidemill::api
