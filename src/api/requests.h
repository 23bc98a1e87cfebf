// The parameters of every API method as values, and how they are read from JSON.
//
// Fields a method does not know are skipped; null is the same as absent, except for a publication's data.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "realtime/broker/publisher.h"
#include "realtime/control/directory.h"
#include "realtime/protocol/messages.h"

namespace tidemill::api {

// Bytes given as JSON (`data`) or in base64 (`b64data`, which goes first when it is not empty).
struct Payload {
  std::string bytes;
  enum class Form : std::uint8_t { kAbsent, kJson, kBase64, kMalformed } form = Form::kAbsent;
};

struct PublishRequest {
  static constexpr JsonName kMethod = "publish";
  broker::PublishCall call;  // without the data
  Payload data;
};

struct BroadcastRequest {
  static constexpr JsonName kMethod = "broadcast";
  std::vector<std::string> channels;
  broker::PublishCall call;  // of each of them; without channel and data
  Payload data;
};

struct SubscribeRequest {
  static constexpr JsonName kMethod = "subscribe";
  control::Target target;
  control::Subscribe subscribe;  // without the payloads
  Payload info;
  Payload data;
};

struct UnsubscribeRequest {
  static constexpr JsonName kMethod = "unsubscribe";
  control::Target target;
  std::string channel;
};

struct DisconnectRequest {
  static constexpr JsonName kMethod = "disconnect";
  control::Target target;
  control::Disconnect disconnect;  // code 0, reason "": the default's
};

struct RefreshRequest {
  static constexpr JsonName kMethod = "refresh";
  control::Target target;
  control::Refresh refresh;
};

struct PresenceRequest {
  static constexpr JsonName kMethod = "presence";
  std::string channel;
};

struct PresenceStatsRequest {
  static constexpr JsonName kMethod = "presence_stats";
  std::string channel;
};

struct HistoryRequest {
  static constexpr JsonName kMethod = "history";
  std::string channel;
  broker::HistoryQuery query;
};

struct HistoryRemoveRequest {
  static constexpr JsonName kMethod = "history_remove";
  std::string channel;
};

struct ChannelsRequest {
  static constexpr JsonName kMethod = "channels";
  std::string pattern;
};

struct InfoRequest {
  static constexpr JsonName kMethod = "info";
};

struct RpcRequest {
  static constexpr JsonName kMethod = "rpc";
};

// Any of them; monostate: a method that does not exist.
using Request =
    std::variant<std::monostate, PublishRequest, BroadcastRequest, SubscribeRequest, UnsubscribeRequest,
                 DisconnectRequest, RefreshRequest, PresenceRequest, PresenceStatsRequest, HistoryRequest,
                 HistoryRemoveRequest, ChannelsRequest, InfoRequest, RpcRequest>;

struct BatchRequest {
  static constexpr JsonName kMethod = "batch";
  std::vector<Request> commands;
  bool parallel = false;
};

// The names of the methods in Request, in its order.
std::span<const std::string_view> MethodNames();

// Each reads the object that comes next. Whether it was well formed, JsonReader::Finish tells.
void Read(JsonReader& json, PublishRequest& request);
void Read(JsonReader& json, BroadcastRequest& request);
void Read(JsonReader& json, SubscribeRequest& request);
void Read(JsonReader& json, UnsubscribeRequest& request);
void Read(JsonReader& json, DisconnectRequest& request);
void Read(JsonReader& json, RefreshRequest& request);
void Read(JsonReader& json, PresenceRequest& request);
void Read(JsonReader& json, PresenceStatsRequest& request);
void Read(JsonReader& json, HistoryRequest& request);
void Read(JsonReader& json, HistoryRemoveRequest& request);
void Read(JsonReader& json, ChannelsRequest& request);
void Read(JsonReader& json, InfoRequest& request);
void Read(JsonReader& json, RpcRequest& request);
void Read(JsonReader& json, BatchRequest& request);

// The request of that method, read from the object that comes next.
Request ReadNamed(JsonReader& json, std::string_view method);

}  // namespace tidemill::api
