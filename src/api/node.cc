// channels and info: what the nodes have.
#include <utility>

#include "api/commands.h"

namespace tidemill::api {
namespace {

void WriteNode(const control::NodeInfo& node, JsonWriter& json) {
  json.BeginObject();
  json.Member("uid", node.uid);
  json.Member("name", node.name);
  json.Member("version", node.version);
  const control::NodeCounts& counts = node.counts;
  if (counts.clients > 0) json.Member("num_clients", counts.clients);
  if (counts.users > 0) json.Member("num_users", counts.users);
  if (counts.subscriptions > 0) json.Member("num_subs", counts.subscriptions);
  if (counts.channels > 0) json.Member("num_channels", counts.channels);
  if (const std::int64_t uptime_s = node.uptime.ms / 1000; uptime_s > 0) json.Member("uptime", uptime_s);
  json.EndObject();
}

}  // namespace

Task<Outcome> Commands::Run(ChannelsRequest request, std::string& out) {
  const auto found = co_await services_.directory.Channels(std::move(request.pattern));
  if (!found) co_return std::unexpected(CodeOfDirectory("channels", found.error()));
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
  const std::vector<control::NodeInfo> nodes = co_await services_.directory.Nodes();
  JsonWriter json(out);
  json.BeginObject();
  json.Key("nodes");
  json.BeginArray();
  for (const control::NodeInfo& node : nodes) WriteNode(node, json);
  json.EndArray();
  json.EndObject();
  co_return Outcome();
}

}  // namespace tidemill::api
