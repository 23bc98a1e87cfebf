#include "cluster/encode.h"

#include "base/base64.h"
#include "base/json.h"

namespace tidemill::cluster {
namespace {

void WriteText(JsonName name, std::string_view text, JsonWriter& json) {
  if (!text.empty()) json.Member(name, text);
}

void WriteBytes(JsonName name, std::string_view bytes, JsonWriter& json) {
  json.Member(name, std::string_view(Base64Encode(bytes, Base64::kStandard)));
}

template <std::integral T>
void WriteNumber(JsonName name, T number, JsonWriter& json) {
  if (number != 0) json.Member(name, number);
}

void WriteFlag(JsonName name, const std::optional<bool>& flag, JsonWriter& json) {
  if (flag) json.Member(name, *flag);
}

void WriteMembers(const control::NodeInfo& node, JsonWriter& json) {
  json.Member("name", node.name);
  json.Member("version", node.version);
  WriteNumber("uptime_ms", node.uptime.ms, json);
  WriteNumber("clients", node.counts.clients, json);
  WriteNumber("users", node.counts.users, json);
  WriteNumber("subscriptions", node.counts.subscriptions, json);
  WriteNumber("channels", node.counts.channels, json);
}

void WriteTarget(const control::Target& target, JsonWriter& json) {
  json.Key("target");
  json.BeginObject();
  json.Member("user", target.user);
  WriteText("client", target.client, json);
  WriteText("session", target.session, json);
  if (!target.except_clients.empty()) {
    json.Key("except");
    json.BeginArray();
    for (const std::string& client : target.except_clients) json.String(client);
    json.EndArray();
  }
  json.EndObject();
}

std::string_view WriteMembers(const control::Disconnect& disconnect, JsonWriter& json) {
  json.Member("code", disconnect.code);
  WriteText("reason", disconnect.reason, json);
  return "disconnect";
}

std::string_view WriteMembers(const control::Unsubscribe& unsubscribe, JsonWriter& json) {
  WriteText("channel", unsubscribe.channel, json);
  return "unsubscribe";
}

std::string_view WriteMembers(const control::Subscribe& subscribe, JsonWriter& json) {
  json.Member("channel", subscribe.channel);
  if (!subscribe.info.empty()) WriteBytes("info", subscribe.info, json);
  if (!subscribe.data.empty()) WriteBytes("data", subscribe.data, json);
  WriteNumber("expire_at", subscribe.expire_at, json);
  if (subscribe.recover_since) {
    json.Key("since");
    json.BeginObject();
    json.Member("offset", subscribe.recover_since->offset);
    json.Member("epoch", subscribe.recover_since->epoch);
    json.EndObject();
  }
  json.Key("override");
  json.BeginObject();
  for (const auto& [name, value] : auth::kOverrideFields) WriteFlag(name, subscribe.overrides.*value, json);
  json.EndObject();
  return "subscribe";
}

std::string_view WriteMembers(const control::Refresh& refresh, JsonWriter& json) {
  if (refresh.expired) json.Member("expired", true);
  WriteNumber("expire_at", refresh.expire_at, json);
  if (refresh.info) WriteBytes("info", *refresh.info, json);
  return "refresh";
}

std::string_view WriteMembers(const control::Deliver& deliver, JsonWriter& json) {
  WriteBytes("frame", deliver.frame, json);
  return "deliver";
}

std::string_view WriteMembers(const control::ChangeAccess& change, JsonWriter& json) {
  const access::Entry& entry = change.entry;
  json.Member("kind", access::NameOf(entry.kind));
  json.Member("subject", entry.subject);
  WriteText("channel", entry.channel, json);
  WriteNumber("issued_before", entry.issued_before, json);
  WriteNumber("expire_at", entry.expire_at, json);
  WriteNumber("decided_at", entry.decided_at, json);
  if (entry.lifted) json.Member("lifted", true);
  return "access";
}

void WriteError(const Error& error, JsonWriter& json) {
  json.Key("error");
  json.BeginObject();
  json.Member("code", Name(error.code));
  WriteText("detail", error.detail, json);
  json.EndObject();
}

void WriteMember(const AskChannels& question, JsonWriter& json) {
  json.Key("channels");
  json.BeginObject();
  WriteText("pattern", question.pattern, json);
  json.EndObject();
}

void WriteMember(const AskUser& question, JsonWriter& json) {
  json.Key("user");
  json.BeginObject();
  json.Member("user", question.user);
  json.EndObject();
}

void WriteMember(const AskNode&, JsonWriter& json) {
  json.Key("node");
  json.BeginObject();
  json.EndObject();
}

void WriteMember(const AskConnections& question, JsonWriter& json) {
  json.Key("connections");
  json.BeginObject();
  WriteText("user", question.user, json);
  WriteText("after", question.after, json);
  json.Member("limit", question.limit);
  json.EndObject();
}

void WriteConnection(const control::ConnectionInfo& info, JsonWriter& json) {
  json.BeginObject();
  json.Member("client", info.client);
  WriteText("user", info.user, json);
  WriteText("app_name", info.app_name, json);
  WriteText("app_version", info.app_version, json);
  json.Member("transport", info.transport);
  json.Member("protocol", info.protocol);
  WriteNumber("connected_at", info.connected_at, json);
  WriteNumber("queued_bytes", info.queued_bytes, json);
  WriteNumber("subscriptions", info.subscriptions, json);
  if (!info.channels.empty()) {
    json.Key("channels");
    json.BeginArray();
    for (const std::string& channel : info.channels) json.String(channel);
    json.EndArray();
  }
  WriteText("token_id", info.token.id, json);
  WriteNumber("token_issued_at", info.token.issued_at, json);
  if (!info.meta.empty()) WriteBytes("meta", info.meta, json);
  json.EndObject();
}

void WriteMember(const control::ConnectionsPage& page, JsonWriter& json, const std::string& out) {
  json.Key("connections");
  json.BeginObject();
  bool has_more = page.has_more;
  json.Key("list");
  json.BeginArray();
  for (const control::ConnectionInfo& info : page.connections) {
    if (out.size() > kConnectionsBytesMax) {
      has_more = true;
      break;
    }
    WriteConnection(info, json);
  }
  json.EndArray();
  if (has_more) json.Member("has_more", true);
  json.EndObject();
}

void WriteMember(const ChannelsAnswer& answer, JsonWriter& json, const std::string& out) {
  json.Key("channels");
  json.BeginObject();
  bool truncated = answer.truncated;
  json.Key("counts");
  json.BeginObject();
  for (const broker::ChannelCount& count : answer.channels) {
    // One name more cannot be longer than a client's command.
    if (out.size() > kAnswerBytesMax) {
      truncated = true;
      break;
    }
    json.DynamicKey(count.channel);
    json.Integer(count.subscriptions);
  }
  json.EndObject();
  if (truncated) json.Member("truncated", true);
  json.EndObject();
}

void WriteMember(const UserAnswer& answer, JsonWriter& json, const std::string&) {
  json.Key("user");
  json.BeginObject();
  json.Member("sessions", answer.sessions);
  json.EndObject();
}

void WriteMember(const control::NodeInfo& node, JsonWriter& json, const std::string&) {
  json.Key("node");
  json.BeginObject();
  WriteMembers(node, json);
  json.EndObject();
}

void WriteMember(const FailedAnswer& answer, JsonWriter& json, const std::string&) {
  WriteError(answer.error, json);
}

// Each writes the members of a body and gives the message's type.
std::string_view WriteBody(const Heartbeat& heartbeat, JsonWriter& json, const std::string&) {
  WriteMembers(heartbeat.node, json);
  if (heartbeat.hello) json.Member("hello", true);
  return "node";
}

std::string_view WriteBody(const Left&, JsonWriter&, const std::string&) { return "left"; }

std::string_view WriteBody(const Command& command, JsonWriter& json, const std::string&) {
  json.Member("id", command.id);
  if (!command.wants_ack) json.Member("ack", false);
  WriteTarget(command.target, json);
  return std::visit([&json](const auto& action) { return WriteMembers(action, json); }, command.action);
}

std::string_view WriteBody(const Ack& ack, JsonWriter& json, const std::string&) {
  json.Member("id", ack.id);
  if (!ack.result) WriteError(ack.result.error(), json);
  return "ack";
}

std::string_view WriteBody(const Survey& survey, JsonWriter& json, const std::string&) {
  json.Member("id", survey.id);
  std::visit([&json](const auto& question) { WriteMember(question, json); }, survey.question);
  return "survey";
}

std::string_view WriteBody(const SurveyReply& reply, JsonWriter& json, const std::string& out) {
  json.Member("id", reply.id);
  std::visit([&json, &out](const auto& answer) { WriteMember(answer, json, out); }, reply.answer);
  return "answer";
}

}  // namespace

std::string Encode(const Message& message) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  json.Member("v", kMessageVersion);
  json.Member("from", message.from.value());
  json.Key("body");
  json.BeginObject();
  const std::string_view type =
      std::visit([&](const auto& body) { return WriteBody(body, json, out); }, message.body);
  json.EndObject();
  json.Member("type", type);
  json.EndObject();
  return out;
}

}  // namespace tidemill::cluster
