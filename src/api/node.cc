// channels and info: what this node has.
#include <utility>

#include "api/commands.h"

namespace tidemill::api {

Task<Outcome> Commands::Run(ChannelsRequest request, std::string& out) {
  const auto found = co_await services_.broker.Channels(std::move(request.pattern));
  if (!found) co_return std::unexpected(CodeOf(found.error()));
  JsonWriter json(out);
  json.BeginObject();
  json.Key("channels");
  json.BeginObject();
  for (const broker::ChannelCount& channel : *found) {
    json.DynamicKey(channel.channel);
    json.BeginObject();
    json.Member("num_clients", channel.subscriptions);
    json.EndObject();
  }
  json.EndObject();
  json.EndObject();
  co_return Outcome();
}

Task<Outcome> Commands::Run(InfoRequest, std::string& out) {
  const session::NodeCounts counts = co_await services_.directory.Counts();
  JsonWriter json(out);
  json.BeginObject();
  json.Key("nodes");
  json.BeginArray();
  json.BeginObject();
  json.Member("uid", settings_->node_id);
  json.Member("name", settings_->node_name);
  json.Member("version", settings_->version);
  if (counts.clients > 0) json.Member("num_clients", counts.clients);
  if (counts.users > 0) json.Member("num_users", counts.users);
  if (counts.subscriptions > 0) json.Member("num_subs", counts.subscriptions);
  if (counts.channels > 0) json.Member("num_channels", counts.channels);
  const std::int64_t uptime_s = (SystemClock().Now() - started_).ms / 1000;
  if (uptime_s > 0) json.Member("uptime", uptime_s);
  json.EndObject();
  json.EndArray();
  json.EndObject();
  co_return Outcome();
}

}  // namespace tidemill::api
