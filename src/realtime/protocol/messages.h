// The messages of the Centrifuge client protocol, version 2, as values. Field names and numbers:
// protocol/schema.h.
//
// Payload fields (data, conn_info, …) hold raw bytes: in JSON connections they are embedded as they are, so
// they must be valid JSON there.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tidemill::protocol {

// Where a stream stands: the offset counts publications from 1 within an epoch.
struct StreamPosition {
  std::uint64_t offset = 0;
  std::string epoch;
  friend bool operator==(const StreamPosition&, const StreamPosition&) = default;
};

struct ClientInfo {
  std::string user;
  std::string client;
  std::string conn_info;
  std::string chan_info;
  friend bool operator==(const ClientInfo&, const ClientInfo&) = default;
};

using ClientInfoPtr = std::shared_ptr<const ClientInfo>;

using Tags = std::vector<std::pair<std::string, std::string>>;

struct Publication {
  std::string data;
  std::optional<ClientInfo> info;  // who published, when a client did
  std::uint64_t offset = 0;        // 0: not in a stream
  Tags tags;
  std::string key;            // of a map channel: what it is the value of
  bool removed = false;       // the key is there no more
  std::int64_t score = 0;     // by which the keys of an ordered map channel are in order
  std::string epoch;          // only on the live publication with offset 1
  std::uint64_t version = 0;  // of a polled key: a later one is newer
  std::int64_t time_ms = 0;  // of a map channel: when it was published, since the Unix epoch; not on the wire
  bool data_is_json = false;  // checked on the way in, not on the wire; false: not known
  bool send_delta = false;    // who takes deltas may be sent one in place of the data; not on the wire
  friend bool operator==(const Publication&, const Publication&) = default;
};

using PublicationPtr = std::shared_ptr<const Publication>;

// A publication where deltas were negotiated: `data` are its data or, with `delta`, how they come from those
// of the one before. In JSON a text holds either. Borrows all.
struct PublicationDelta {
  const Publication& publication;
  std::string_view data;
  bool delta = false;
};

// What a subscription follows, as SubscribeRequest.type says it.
enum class SubscriptionType : std::int32_t {
  kStream = 0,
  kMap = 1,
  kMapClients = 2,
  kMapUsers = 3,
  kSharedPoll = 4
};

// How far the subscription of a map has come: its state is read in pages, then the stream since the first of
// them, until it is close enough to the top to go live in the same reply.
enum class MapPhase : std::int32_t { kLive = 0, kStream = 1, kState = 2 };

// ---- client to server

struct SubscribeRequest {
  std::string channel;
  std::string token;
  bool recover = false;
  std::string epoch;
  std::uint64_t offset = 0;
  std::string data;
  bool positioned = false;
  bool recoverable = false;
  bool join_leave = false;
  std::string delta;
  std::optional<std::string> tf;  // a filter of tags, as it came: in the connection's encoding
  std::int64_t flag = 0;          // bit 1: accepts channel ids; bit 2: refuse instead of recovered=false
  std::int32_t type = 0;          // SubscriptionType
  std::int32_t phase = 0;         // MapPhase
  std::string cursor;             // of a map's state: where the page before ended
  std::int32_t limit = 0;         // keys or publications of a page; 0: the channel's default
  bool asc = false;               // an ordered map's lowest score first
};

struct ConnectRequest {
  std::string token;
  std::string data;
  std::map<std::string, SubscribeRequest> subs;
  std::string name;
  std::string version;
  std::map<std::string, std::string> headers;
};

struct UnsubscribeRequest {
  std::string channel;
};
struct PublishRequest {
  std::string channel;
  std::string data;
  std::int32_t type = 0;
  std::string key;
  bool removed = false;
};
struct PresenceRequest {
  std::string channel;
};
struct PresenceStatsRequest {
  std::string channel;
};
struct HistoryRequest {
  std::string channel;
  std::int32_t limit = 0;
  std::optional<StreamPosition> since;
  bool reverse = false;
};
struct PingRequest {};
struct SendRequest {
  std::string data;
};
struct RpcRequest {
  std::string data;
  std::string method;
};
struct RefreshRequest {
  std::string token;
};
struct KeyedItem {
  std::string key;
  std::uint64_t version = 0;  // that the client has; 0: none
};
// Keys of a polled channel, and the signature that lets the user track them.
struct TrackBatch {
  std::string signature;
  std::vector<KeyedItem> items;
};
enum class SubRefreshType : std::int32_t { kToken = 0, kTrack = 1, kUntrack = 2 };
struct SubRefreshRequest {
  std::string channel;
  std::string token;
  std::int32_t type = 0;  // SubRefreshType
  std::vector<TrackBatch> track;
  std::vector<std::string> untrack;
};

struct Command {
  std::uint32_t id = 0;
  // monostate: none of the known ones; with id 0 that is the answer to a ping.
  std::variant<std::monostate, ConnectRequest, SubscribeRequest, UnsubscribeRequest, PublishRequest,
               PresenceRequest, PresenceStatsRequest, HistoryRequest, PingRequest, SendRequest, RpcRequest,
               RefreshRequest, SubRefreshRequest>
      request;
};

// What a client sends beside its stream, where the stream has one direction only (POST /emulation).
struct EmulationRequest {
  std::string node;
  std::string session;  // the session's secret
  std::string data;     // a frame of commands, in the session's encoding
};

// ---- server to client

struct ErrorReply {
  std::uint32_t code = 0;
  std::string message;
  bool temporary = false;
};

struct SubscribeResult {
  bool expires = false;
  std::uint32_t ttl = 0;  // seconds
  bool recoverable = false;
  std::string epoch;
  std::vector<PublicationPtr> publications;
  bool recovered = false;
  std::uint64_t offset = 0;
  bool positioned = false;
  std::string data;
  bool was_recovering = false;
  std::int32_t type = 0;              // SubscriptionType: of a map, of whichever type, kMap
  std::int32_t phase = 0;             // MapPhase
  std::string cursor;                 // of the next page of the state; "": there is none
  std::vector<PublicationPtr> state;  // a page of it
  bool delta = false;                 // data may be deltas from here on
  // Publications and state are written as PublicationDelta.
  bool data_as_text = false;
  std::vector<std::optional<std::string>> deltas;  // of publications in place of their data; empty: of none
};

struct ConnectResult {
  std::string client;
  std::string version;
  bool expires = false;
  std::uint32_t ttl = 0;
  std::string data;
  std::vector<std::pair<std::string, SubscribeResult>> subs;
  std::uint32_t ping = 0;  // seconds
  bool pong = false;
  std::string session;
  std::string node;
  std::int64_t time = 0;  // ms since the Unix epoch; 0 absent
};

struct UnsubscribeResult {};
struct PublishResult {};
struct PresenceResult {
  std::string presence;  // encoded already: PresenceEncoder (codec.h) makes it
};
struct PresenceStatsResult {
  std::uint32_t num_clients = 0;
  std::uint32_t num_users = 0;
};
struct HistoryResult {
  std::vector<PublicationPtr> publications;
  std::string epoch;
  std::uint64_t offset = 0;
};
struct RpcResult {
  std::string data;
};
struct RefreshResult {
  std::string client;
  std::string version;
  bool expires = false;
  std::uint32_t ttl = 0;
};
struct SubRefreshResult {
  bool expires = false;
  std::uint32_t ttl = 0;
  std::vector<PublicationPtr> items{};  // of keys that are tracked from here on
  bool data_as_text = false;            // they are written as PublicationDelta
};

struct Reply {
  std::uint32_t id = 0;
  std::variant<ErrorReply, ConnectResult, SubscribeResult, UnsubscribeResult, PublishResult, PresenceResult,
               PresenceStatsResult, HistoryResult, RpcResult, RefreshResult, SubRefreshResult>
      result;
};

struct JoinPush {
  ClientInfo info;
};
struct LeavePush {
  ClientInfo info;
};
struct UnsubscribePush {
  std::uint32_t code = 0;
  std::string reason;
};
struct SubscribePush {
  bool recoverable = false;
  std::string epoch;
  std::uint64_t offset = 0;
  bool positioned = false;
  std::string data;
};
struct MessagePush {
  std::string data;
};
struct DisconnectPush {
  std::uint32_t code = 0;
  std::string reason;
  bool reconnect = false;
};
struct RefreshPush {
  bool expires = false;
  std::uint32_t ttl = 0;
};

// The push of a ConnectResult is the answer to connect of a client that only listens.
struct Push {
  std::string channel;
  std::variant<PublicationPtr, JoinPush, LeavePush, UnsubscribePush, SubscribePush, MessagePush,
               ConnectResult, DisconnectPush, RefreshPush>
      body;
};

}  // namespace tidemill::protocol
