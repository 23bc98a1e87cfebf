#include "cluster/decode.h"

#include <utility>

#include "base/base64.h"
#include "base/json.h"

namespace tidemill::cluster {
namespace {

// Names go into logs and answers of the API; no node of ours has longer ones.
constexpr std::size_t kIdBytesMax = 64;
constexpr std::size_t kNameBytesMax = 255;

std::string ReadName(JsonReader& json, std::size_t bytes_max = kNameBytesMax) {
  std::string name = json.ReadString();
  if (name.size() > bytes_max) json.Fail("the name is too long");
  return name;
}

std::string ReadBytes(JsonReader& json) {
  auto bytes = Base64Decode(json.ReadString(), Base64::kStandard);
  if (bytes) return *std::move(bytes);
  json.Fail("not base64");
  return {};
}

std::uint64_t ReadNumber(JsonReader& json) { return json.ReadInteger<std::uint64_t>(); }

Error ReadError(JsonReader& json) {
  Error error;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "code") {
      const std::string name = json.ReadString();
      // A code of a later version stays what Error begins with.
      for (int code = 0; code <= static_cast<int>(Errc::kInternal); ++code) {
        if (Name(static_cast<Errc>(code)) == name) error.code = static_cast<Errc>(code);
      }
    } else if (*key == "detail") {
      error.detail = json.ReadString();
    }
  }
  return error;
}

void ReadMember(std::string_view key, JsonReader& json, control::NodeInfo& node) {
  if (key == "name") node.name = ReadName(json);
  if (key == "version") node.version = ReadName(json);
  if (key == "uptime_ms") node.uptime = Milliseconds(json.ReadInteger<std::int64_t>());
  if (key == "clients") node.counts.clients = ReadNumber(json);
  if (key == "users") node.counts.users = ReadNumber(json);
  if (key == "subscriptions") node.counts.subscriptions = ReadNumber(json);
  if (key == "channels") node.counts.channels = ReadNumber(json);
}

void Read(JsonReader& json, control::Target& target) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "user") target.user = json.ReadString();
    if (*key == "client") target.client = json.ReadString();
    if (*key == "session") target.session = json.ReadString();
    if (*key == "except") {
      json.EnterArray();
      while (json.NextElement()) target.except_clients.push_back(json.ReadString());
    }
  }
}

void Read(JsonReader& json, auth::OptionOverrides& overrides) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (auto* const value = auth::FindOverride(overrides, *key)) *value = json.ReadBool();
  }
}

protocol::StreamPosition ReadPosition(JsonReader& json) {
  protocol::StreamPosition position;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "offset") position.offset = ReadNumber(json);
    if (*key == "epoch") position.epoch = json.ReadString();
  }
  return position;
}

void ReadMember(std::string_view key, JsonReader& json, control::Disconnect& disconnect) {
  if (key == "code") disconnect.code = json.ReadInteger<std::uint32_t>();
  if (key == "reason") disconnect.reason = json.ReadString();
}

void ReadMember(std::string_view key, JsonReader& json, control::Unsubscribe& unsubscribe) {
  if (key == "channel") unsubscribe.channel = json.ReadString();
}

void ReadMember(std::string_view key, JsonReader& json, control::Subscribe& subscribe) {
  if (key == "channel") subscribe.channel = json.ReadString();
  if (key == "info") subscribe.info = ReadBytes(json);
  if (key == "data") subscribe.data = ReadBytes(json);
  if (key == "expire_at") subscribe.expire_at = json.ReadInteger<std::int64_t>();
  if (key == "since") subscribe.recover_since = ReadPosition(json);
  if (key == "override") Read(json, subscribe.overrides);
}

void ReadMember(std::string_view key, JsonReader& json, control::Refresh& refresh) {
  if (key == "expired") refresh.expired = json.ReadBool();
  if (key == "expire_at") refresh.expire_at = json.ReadInteger<std::int64_t>();
  if (key == "info") refresh.info = ReadBytes(json);
}

void ReadMember(std::string_view key, JsonReader& json, control::Deliver& deliver) {
  if (key == "frame") deliver.frame = ReadBytes(json);
}

void ReadMember(std::string_view key, JsonReader& json, control::ChangeAccess& change) {
  access::Entry& entry = change.entry;
  if (key == "kind") {
    const auto kind = access::KindOf(json.ReadString());
    if (!kind) json.Fail("no such kind");
    entry.kind = kind.value_or(access::Kind::kUser);
  }
  if (key == "subject") entry.subject = ReadName(json, access::kNameBytesMax);
  if (key == "channel") entry.channel = ReadName(json, access::kNameBytesMax);
  if (key == "issued_before") entry.issued_before = json.ReadInteger<std::int64_t>();
  if (key == "expire_at") entry.expire_at = json.ReadInteger<std::int64_t>();
  if (key == "decided_at") entry.decided_at = json.ReadInteger<std::int64_t>();
  if (key == "lifted") entry.lifted = json.ReadBool();
}

// Without this, a session would get what it cannot send to its peer.
void Check(const control::Disconnect& disconnect, JsonReader& json) {
  if (!control::IsDisconnectCode(disconnect.code)) {
    json.Fail("no such disconnect code");
  }
  if (disconnect.reason.size() > control::kDisconnectReasonBytesMax) json.Fail("the reason is too long");
}
void Check(const control::Subscribe& subscribe, JsonReader& json) {
  if (subscribe.channel.empty()) json.Fail("no channel");
}
void Check(const control::Unsubscribe&, JsonReader&) {}
void Check(const control::Refresh&, JsonReader&) {}
void Check(const control::Deliver&, JsonReader&) {}
void Check(const control::ChangeAccess& change, JsonReader& json) {
  if (change.entry.subject.empty()) json.Fail("no subject");
}

using Body = decltype(Message::body);
// What is in a body: nullopt if it is nothing this node knows.
using Decoded = Result<std::optional<Body>>;

template <class A>
Decoded DecodeCommand(JsonReader& json) {
  Command command;
  A action{};
  bool has_target = false;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "id") {
      command.id = ReadNumber(json);
    } else if (*key == "ack") {
      command.wants_ack = json.ReadBool();
    } else if (*key == "target") {
      has_target = true;
      Read(json, command.target);
    } else {
      ReadMember(*key, json, action);
    }
  }
  if (!has_target) json.Fail("no target");
  if (command.id == 0) json.Fail("no id");
  Check(action, json);
  TM_TRY(json.Finish());
  command.action = std::move(action);
  return Body(std::move(command));
}

Decoded DecodeHeartbeat(JsonReader& json) {
  Heartbeat heartbeat;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "hello") {
      heartbeat.hello = json.ReadBool();
    } else {
      ReadMember(*key, json, heartbeat.node);
    }
  }
  TM_TRY(json.Finish());
  return Body(std::move(heartbeat));
}

Decoded DecodeLeft(JsonReader& json) {
  json.EnterObject();
  TM_TRY(json.Finish());
  return Body(Left{});
}

Decoded DecodeAck(JsonReader& json) {
  Ack ack;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "id") ack.id = ReadNumber(json);
    if (*key == "error") ack.result = std::unexpected(ReadError(json));
  }
  TM_TRY(json.Finish());
  return Body(std::move(ack));
}

AskChannels ReadAskChannels(JsonReader& json) {
  AskChannels question;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "pattern") question.pattern = json.ReadString();
  }
  return question;
}

AskUser ReadAskUser(JsonReader& json) {
  AskUser question;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "user") question.user = json.ReadString();
  }
  return question;
}

AskConnections ReadAskConnections(JsonReader& json) {
  AskConnections question;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "user") question.user = json.ReadString();
    if (*key == "after") question.after = json.ReadString();
    if (*key == "limit") question.limit = json.ReadInteger<std::uint32_t>();
  }
  if (question.limit == 0 || question.limit > control::kConnectionsLimitMax) json.Fail("no such limit");
  return question;
}

Decoded DecodeSurvey(JsonReader& json) {
  std::uint64_t id = 0;
  std::optional<Question> question;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "id") id = ReadNumber(json);
    if (*key == "channels") question = ReadAskChannels(json);
    if (*key == "user") question = ReadAskUser(json);
    if (*key == "node") question = AskNode{};
    if (*key == "connections") question = ReadAskConnections(json);
  }
  TM_TRY(json.Finish());
  if (!question) return std::nullopt;
  return Body(Survey{.id = id, .question = *std::move(question)});
}

ChannelsAnswer ReadChannelsAnswer(JsonReader& json) {
  ChannelsAnswer answer;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "truncated") answer.truncated = json.ReadBool();
    if (*key != "counts") continue;
    json.EnterObject();
    while (const auto channel = json.NextKey()) {
      std::string name(*channel);
      answer.channels.push_back({.channel = std::move(name), .subscriptions = ReadNumber(json)});
    }
  }
  return answer;
}

UserAnswer ReadUserAnswer(JsonReader& json) {
  UserAnswer answer;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "sessions") answer.sessions = ReadNumber(json);
  }
  return answer;
}

void ReadMember(std::string_view key, JsonReader& json, control::ConnectionInfo& info) {
  if (key == "client") info.client = ReadName(json, kIdBytesMax);
  if (key == "user") info.user = json.ReadString();
  if (key == "app_name") info.app_name = ReadName(json);
  if (key == "app_version") info.app_version = ReadName(json);
  if (key == "transport") info.transport = ReadName(json);
  if (key == "protocol") info.protocol = ReadName(json);
  if (key == "connected_at") info.connected_at = json.ReadInteger<std::int64_t>();
  if (key == "queued_bytes") info.queued_bytes = ReadNumber(json);
  if (key == "subscriptions") info.subscriptions = ReadNumber(json);
  if (key == "channels") {
    json.EnterArray();
    while (json.NextElement()) info.channels.push_back(json.ReadString());
  }
  if (key == "token_id") info.token.id = json.ReadString();
  if (key == "token_issued_at") info.token.issued_at = json.ReadInteger<std::int64_t>();
  if (key == "meta") info.meta = ReadBytes(json);
}

control::ConnectionsPage ReadConnections(JsonReader& json) {
  control::ConnectionsPage page;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "has_more") page.has_more = json.ReadBool();
    if (*key != "list") continue;
    json.EnterArray();
    while (json.NextElement()) {
      control::ConnectionInfo& info = page.connections.emplace_back();
      json.EnterObject();
      while (const auto name = json.NextKey()) ReadMember(*name, json, info);
      if (info.client.empty()) json.Fail("a connection without a client id");
    }
  }
  return page;
}

control::NodeInfo ReadNode(JsonReader& json) {
  control::NodeInfo node;
  json.EnterObject();
  while (const auto key = json.NextKey()) ReadMember(*key, json, node);
  return node;
}

Decoded DecodeSurveyReply(JsonReader& json) {
  std::uint64_t id = 0;
  std::optional<Answer> answer;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "id") id = ReadNumber(json);
    if (*key == "channels") answer = ReadChannelsAnswer(json);
    if (*key == "user") answer = ReadUserAnswer(json);
    if (*key == "node") answer = ReadNode(json);
    if (*key == "connections") answer = ReadConnections(json);
    if (*key == "error") answer = FailedAnswer{ReadError(json)};
  }
  TM_TRY(json.Finish());
  if (!answer) return std::nullopt;
  return Body(SurveyReply{.id = id, .answer = *std::move(answer)});
}

struct Type {
  std::string_view name;
  Decoded (*decode)(JsonReader&);
};
constexpr Type kTypes[] = {
    {"node", DecodeHeartbeat},
    {"left", DecodeLeft},
    {"disconnect", DecodeCommand<control::Disconnect>},
    {"unsubscribe", DecodeCommand<control::Unsubscribe>},
    {"subscribe", DecodeCommand<control::Subscribe>},
    {"refresh", DecodeCommand<control::Refresh>},
    {"deliver", DecodeCommand<control::Deliver>},
    {"access", DecodeCommand<control::ChangeAccess>},
    {"ack", DecodeAck},
    {"survey", DecodeSurvey},
    {"answer", DecodeSurveyReply},
};

}  // namespace

Result<std::optional<Message>> Decode(std::string_view text) {
  if (text.size() > kMessageBytesMax) return Fail(Errc::kInvalidArgument, "the message is too long");
  std::uint64_t version = 0;
  std::string type;
  std::string from;
  std::string_view body;
  JsonReader json(text);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "v") version = ReadNumber(json);
    if (*key == "type") type = json.ReadString();
    if (*key == "from") from = ReadName(json, kIdBytesMax);
    if (*key == "body") body = json.ReadRaw();
  }
  if (version == 0) json.Fail("no version");
  if (from.empty()) json.Fail("no sender");
  TM_TRY(json.Finish());
  if (version != kMessageVersion) return std::nullopt;
  for (const Type& known : kTypes) {
    if (known.name != type) continue;
    JsonReader inside(body);
    TM_TRY_ASSIGN(auto decoded, known.decode(inside));
    if (!decoded) return std::nullopt;
    Message message{.from = NodeId(std::move(from)), .body = *std::move(decoded)};
    if (auto* heartbeat = std::get_if<Heartbeat>(&message.body)) heartbeat->node.uid = message.from.value();
    return message;
  }
  return std::nullopt;
}

}  // namespace tidemill::cluster
