#include "api/requests.h"

#include <array>
#include <utility>

#include "base/base64.h"

namespace tidemill::api {
namespace {

// Reads the next value; null leaves the default.
template <class T>
void Take(JsonReader& json, T& value);

void ReadValue(JsonReader& json, std::string& value) { value = json.ReadString(); }
void ReadValue(JsonReader& json, bool& value) { value = json.ReadBool(); }
template <std::integral T>
void ReadValue(JsonReader& json, T& value) {
  value = json.ReadInteger<T>();
}

void ReadValue(JsonReader& json, std::vector<std::string>& values) {
  json.EnterArray();
  while (json.NextElement()) values.push_back(json.ReadString());
}

void ReadValue(JsonReader& json, protocol::Tags& tags) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    std::string name(*key);
    tags.emplace_back(std::move(name), json.ReadString());
  }
}

void ReadValue(JsonReader& json, std::optional<protocol::StreamPosition>& position) {
  position.emplace();
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "offset") Take(json, position->offset);
    if (*key == "epoch") Take(json, position->epoch);
  }
}

void ReadValue(JsonReader& json, auth::OptionOverrides& overrides) {
  overrides = auth::ReadOptionOverrides(json);
}

void ReadValue(JsonReader& json, control::Disconnect& disconnect) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "code") Take(json, disconnect.code);
    if (*key == "reason") Take(json, disconnect.reason);
  }
}

template <class T>
void Take(JsonReader& json, T& value) {
  if (!json.SkipNull()) ReadValue(json, value);
}

void ReadJsonPayload(JsonReader& json, Payload& payload) {
  const std::string_view raw = json.ReadRaw();
  if (payload.form != Payload::Form::kAbsent) return;
  payload = {.bytes = std::string(raw), .form = Payload::Form::kJson};
}

void ReadBase64Payload(JsonReader& json, Payload& payload) {
  if (json.SkipNull()) return;
  const std::string text = json.ReadString();
  if (text.empty()) return;
  auto bytes = Base64Decode(text, Base64::kStandard);
  if (bytes) {
    payload = {.bytes = *std::move(bytes), .form = Payload::Form::kBase64};
  } else {
    payload = {.bytes = "", .form = Payload::Form::kMalformed};
  }
}

// Whether `key` was one of the target's and has been read.
bool ReadTarget(JsonReader& json, std::string_view key, control::Target& target) {
  if (key == "user") return Take(json, target.user), true;
  if (key == "client") return Take(json, target.client), true;
  if (key == "session") return Take(json, target.session), true;
  return false;
}

// What publish and broadcast have in common.
void ReadPublication(JsonReader& json, std::string_view key, broker::PublishCall& call, Payload& data) {
  if (key == "data") ReadJsonPayload(json, data);
  if (key == "b64data") ReadBase64Payload(json, data);
  if (key == "tags") Take(json, call.tags);
  if (key == "skip_history") Take(json, call.skip_history);
  if (key == "delta") Take(json, call.delta);
  if (key == "idempotency_key") Take(json, call.idempotency_key);
  if (key == "version") Take(json, call.version);
  if (key == "version_epoch") Take(json, call.version_epoch);
}

void ReadOnlyChannel(JsonReader& json, std::string& channel) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "channel") Take(json, channel);
  }
}

template <std::size_t I = 1>
Request ReadAlternative(JsonReader& json, std::string_view method) {
  if constexpr (I == std::variant_size_v<Request>) {
    return {};
  } else {
    using Wanted = std::variant_alternative_t<I, Request>;
    if (method != Wanted::kMethod.text) return ReadAlternative<I + 1>(json, method);
    Wanted request;
    Read(json, request);
    return request;
  }
}

template <std::size_t... I>
constexpr auto NamesOf(std::index_sequence<0, I...>) {
  return std::array{std::variant_alternative_t<I, Request>::kMethod.text...};
}

constexpr auto kMethodNames = NamesOf(std::make_index_sequence<std::variant_size_v<Request>>());

}  // namespace

std::span<const std::string_view> MethodNames() { return kMethodNames; }

void Read(JsonReader& json, PublishRequest& request) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "channel") {
      Take(json, request.call.channel);
    } else {
      ReadPublication(json, *key, request.call, request.data);
    }
  }
}

void Read(JsonReader& json, BroadcastRequest& request) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "channels") {
      Take(json, request.channels);
    } else {
      ReadPublication(json, *key, request.call, request.data);
    }
  }
}

void Read(JsonReader& json, SubscribeRequest& request) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    control::Subscribe& subscribe = request.subscribe;
    if (ReadTarget(json, *key, request.target)) continue;
    if (*key == "channel") Take(json, subscribe.channel);
    if (*key == "info" && !json.SkipNull()) ReadJsonPayload(json, request.info);
    if (*key == "b64info") ReadBase64Payload(json, request.info);
    if (*key == "data" && !json.SkipNull()) ReadJsonPayload(json, request.data);
    if (*key == "b64data") ReadBase64Payload(json, request.data);
    if (*key == "expire_at") Take(json, subscribe.expire_at);
    if (*key == "recover_since") Take(json, subscribe.recover_since);
    if (*key == "override") Take(json, subscribe.overrides);
  }
}

void Read(JsonReader& json, UnsubscribeRequest& request) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (ReadTarget(json, *key, request.target)) continue;
    if (*key == "channel") Take(json, request.channel);
  }
}

void Read(JsonReader& json, DisconnectRequest& request) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (ReadTarget(json, *key, request.target)) continue;
    if (*key == "whitelist") Take(json, request.target.except_clients);
    if (*key == "disconnect") Take(json, request.disconnect);
  }
}

void Read(JsonReader& json, RefreshRequest& request) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (ReadTarget(json, *key, request.target)) continue;
    if (*key == "expired") Take(json, request.refresh.expired);
    if (*key == "expire_at") Take(json, request.refresh.expire_at);
    if (*key == "info" && !json.SkipNull()) request.refresh.info = std::string(json.ReadRaw());
  }
}

void Read(JsonReader& json, PresenceRequest& request) { ReadOnlyChannel(json, request.channel); }
void Read(JsonReader& json, PresenceStatsRequest& request) { ReadOnlyChannel(json, request.channel); }
void Read(JsonReader& json, HistoryRemoveRequest& request) { ReadOnlyChannel(json, request.channel); }

void Read(JsonReader& json, HistoryRequest& request) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "channel") Take(json, request.channel);
    if (*key == "limit") Take(json, request.query.limit);
    if (*key == "since") Take(json, request.query.since);
    if (*key == "reverse") Take(json, request.query.reverse);
  }
}

void Read(JsonReader& json, ChannelsRequest& request) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "pattern") Take(json, request.pattern);
  }
}

void Read(JsonReader& json, InfoRequest&) { json.Skip(); }
void Read(JsonReader& json, RpcRequest&) { json.Skip(); }

void Read(JsonReader& json, BatchRequest& request) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "parallel") Take(json, request.parallel);
    if (*key != "commands" || json.SkipNull()) continue;
    json.EnterArray();
    while (json.NextElement()) {
      // The first method of an object is the command; {} and unknown ones stay monostate.
      Request& command = request.commands.emplace_back();
      json.EnterObject();
      while (const auto method = json.NextKey()) {
        if (command.index() == 0) command = ReadNamed(json, std::string(*method));
      }
    }
  }
}

Request ReadNamed(JsonReader& json, std::string_view method) { return ReadAlternative(json, method); }

}  // namespace tidemill::api
