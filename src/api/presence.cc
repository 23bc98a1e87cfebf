// presence and presence_stats.
#include <utility>

#include "api/commands.h"
#include "api/results.h"

namespace tidemill::api {

Task<Outcome> Commands::Run(PresenceRequest request, std::string& out) {
  const auto found = Find(request.channel);
  if (!found) co_return std::unexpected(found.error());
  if (!found->options->presence) co_return std::unexpected(protocol::kErrorNotAvailable);
  const auto entries = co_await services_.presence.Get(channels::ChannelName(std::move(request.channel)));
  if (!entries) co_return std::unexpected(CodeOf(entries.error()));
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
  const auto found = Find(request.channel);
  if (!found) co_return std::unexpected(found.error());
  if (!found->options->presence) co_return std::unexpected(protocol::kErrorNotAvailable);
  const auto stats = co_await services_.presence.Stats(channels::ChannelName(std::move(request.channel)));
  if (!stats) co_return std::unexpected(CodeOf(stats.error()));
  JsonWriter json(out);
  json.BeginObject();
  if (stats->clients > 0) json.Member("num_clients", stats->clients);
  if (stats->users > 0) json.Member("num_users", stats->users);
  json.EndObject();
  co_return Outcome();
}

}  // namespace tidemill::api
