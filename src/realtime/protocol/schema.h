// What the fields of each message are called in JSON and numbered in Protobuf, once for both encodings.
//
// A codec hands Fields a visitor and the message; the visitor is called for every field in the order in
// which it is written. Requests are only decoded and results only encoded, so no message needs both.
// Fields of the protocol that are not listed are skipped when decoding and never sent.
// Source: client.proto of the Centrifuge client protocol, version 2.
//
// The visitor has, each with (number, name, value):
//   Text      UTF-8 text
//   Payload   bytes of the application; in JSON one raw value, or what codec.h says of others
//   Frame     messages of the protocol; in JSON a text
//   Number    an integer
//   Signed    encoding: an integer that is often negative, sint64 in Protobuf
//   Flag      a bool
//   Message   another message, always written
//   Maybe     another message, or absent
//   Given     decoding: a message as it came, whatever is in it
//   List      publications
//   Deltas    publications where deltas were negotiated
//   Content   encoding: what such a publication has for its data
//   Map       text to text or to message
//   Encoded   a map of which the entries are encoded already
//   Messages  decoding: a list of messages
//   Texts     decoding: a list of texts
//   Case<T>   the alternative T of a variant
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "realtime/protocol/messages.h"

namespace tidemill::protocol {

// Whether JSON leaves a field out when it is zero or empty. Protobuf always does.
enum class Zero : std::uint8_t { kOmitted, kWritten };

// Of PresenceResult: the map of clients.
inline constexpr std::uint32_t kPresenceField = 1;

// ---- client to server

template <class V>
void Fields(V& v, StreamPosition& m) {
  v.Number(1, "offset", m.offset);
  v.Text(2, "epoch", m.epoch);
}

template <class V>
void Fields(V& v, SubscribeRequest& m) {
  v.Text(1, "channel", m.channel);
  v.Text(2, "token", m.token);
  v.Flag(3, "recover", m.recover);
  v.Text(6, "epoch", m.epoch);
  v.Number(7, "offset", m.offset);
  v.Payload(8, "data", m.data);
  v.Flag(9, "positioned", m.positioned);
  v.Flag(10, "recoverable", m.recoverable);
  v.Flag(11, "join_leave", m.join_leave);
  v.Text(12, "delta", m.delta);
  v.Given(13, "tf", m.tf);
  v.Number(14, "flag", m.flag);
  v.Number(15, "type", m.type);
  v.Number(16, "phase", m.phase);
  v.Text(17, "cursor", m.cursor);
  v.Number(18, "limit", m.limit);
  v.Flag(19, "asc", m.asc);
}

template <class V>
void Fields(V& v, ConnectRequest& m) {
  v.Text(1, "token", m.token);
  v.Payload(2, "data", m.data);
  v.Map(3, "subs", m.subs);
  v.Text(4, "name", m.name);
  v.Text(5, "version", m.version);
  v.Map(6, "headers", m.headers);
}

template <class V>
void Fields(V& v, UnsubscribeRequest& m) {
  v.Text(1, "channel", m.channel);
}

template <class V>
void Fields(V& v, PublishRequest& m) {
  v.Text(1, "channel", m.channel);
  v.Payload(2, "data", m.data);
  v.Number(3, "type", m.type);
  v.Text(4, "key", m.key);
  v.Flag(5, "removed", m.removed);
}

template <class V>
void Fields(V& v, PresenceRequest& m) {
  v.Text(1, "channel", m.channel);
}

template <class V>
void Fields(V& v, PresenceStatsRequest& m) {
  v.Text(1, "channel", m.channel);
}

template <class V>
void Fields(V& v, HistoryRequest& m) {
  v.Text(1, "channel", m.channel);
  v.Number(7, "limit", m.limit);
  v.Maybe(8, "since", m.since);
  v.Flag(9, "reverse", m.reverse);
}

template <class V>
void Fields(V&, PingRequest&) {}

template <class V>
void Fields(V& v, SendRequest& m) {
  v.Payload(1, "data", m.data);
}

template <class V>
void Fields(V& v, RpcRequest& m) {
  v.Payload(1, "data", m.data);
  v.Text(2, "method", m.method);
}

template <class V>
void Fields(V& v, RefreshRequest& m) {
  v.Text(1, "token", m.token);
}

template <class V>
void Fields(V& v, KeyedItem& m) {
  v.Text(1, "key", m.key);
  v.Number(2, "version", m.version);
}

template <class V>
void Fields(V& v, TrackBatch& m) {
  v.Text(1, "signature", m.signature);
  v.Messages(2, "items", m.items);
}

template <class V>
void Fields(V& v, SubRefreshRequest& m) {
  v.Text(1, "channel", m.channel);
  v.Text(2, "token", m.token);
  v.Number(3, "type", m.type);
  v.Messages(4, "track", m.track);
  v.Texts(5, "untrack", m.untrack);
}

template <class V>
void Fields(V& v, Command& m) {
  v.Number(1, "id", m.id);
  v.template Case<ConnectRequest>(4, "connect", m.request);
  v.template Case<SubscribeRequest>(5, "subscribe", m.request);
  v.template Case<UnsubscribeRequest>(6, "unsubscribe", m.request);
  v.template Case<PublishRequest>(7, "publish", m.request);
  v.template Case<PresenceRequest>(8, "presence", m.request);
  v.template Case<PresenceStatsRequest>(9, "presence_stats", m.request);
  v.template Case<HistoryRequest>(10, "history", m.request);
  v.template Case<PingRequest>(11, "ping", m.request);
  v.template Case<SendRequest>(12, "send", m.request);
  v.template Case<RpcRequest>(13, "rpc", m.request);
  v.template Case<RefreshRequest>(14, "refresh", m.request);
  v.template Case<SubRefreshRequest>(15, "sub_refresh", m.request);
}

template <class V>
void Fields(V& v, EmulationRequest& m) {
  v.Text(1, "node", m.node);
  v.Text(2, "session", m.session);
  v.Frame(3, "data", m.data);
}

// ---- server to client

template <class V>
void Fields(V& v, const ClientInfo& m) {
  v.Text(1, "user", m.user, Zero::kWritten);
  v.Text(2, "client", m.client, Zero::kWritten);
  v.Payload(3, "conn_info", m.conn_info);
  v.Payload(4, "chan_info", m.chan_info);
}

// What stands beside the data.
template <class V>
void FieldsAfterData(V& v, const Publication& m, bool delta) {
  v.Maybe(5, "info", m.info);
  v.Number(6, "offset", m.offset);
  v.Map(7, "tags", m.tags);
  v.Flag(8, "delta", delta);
  v.Text(11, "key", m.key);
  v.Flag(12, "removed", m.removed);
  v.Signed(13, "score", m.score);
  v.Text(14, "epoch", m.epoch);
  v.Number(16, "version", m.version);
}

template <class V>
void Fields(V& v, const Publication& m) {
  v.Payload(4, "data", m.data);
  FieldsAfterData(v, m, false);
}

template <class V>
void Fields(V& v, const PublicationDelta& m) {
  if (!m.publication.removed) v.Content(4, "data", m);
  FieldsAfterData(v, m.publication, m.delta);
}

// The publications of a list, of which those that have an entry in `deltas` are sent as that.
struct PublicationDeltas {
  const std::vector<PublicationPtr>& publications;
  std::span<const std::optional<std::string>> deltas;  // as many, or none

  PublicationDelta at(std::size_t i) const {
    const bool delta = i < deltas.size() && deltas[i];
    return {*publications[i], delta ? *deltas[i] : publications[i]->data, delta};
  }
};

template <class V>
void Fields(V& v, const ErrorReply& m) {
  v.Number(1, "code", m.code);
  v.Text(2, "message", m.message);
  v.Flag(3, "temporary", m.temporary);
}

template <class V>
void Fields(V& v, const SubscribeResult& m) {
  v.Flag(1, "expires", m.expires);
  v.Number(2, "ttl", m.ttl);
  v.Flag(3, "recoverable", m.recoverable);
  v.Text(6, "epoch", m.epoch);
  if (m.data_as_text) {
    v.Deltas(7, "publications", PublicationDeltas{m.publications, m.deltas});
  } else {
    v.List(7, "publications", m.publications);
  }
  v.Flag(8, "recovered", m.recovered);
  v.Number(9, "offset", m.offset);
  v.Flag(10, "positioned", m.positioned);
  v.Payload(11, "data", m.data);
  v.Flag(12, "was_recovering", m.was_recovering);
  v.Flag(13, "delta", m.delta);
  v.Number(15, "type", m.type);
  v.Number(16, "phase", m.phase);
  v.Text(17, "cursor", m.cursor);
  if (m.data_as_text) {
    v.Deltas(18, "state", PublicationDeltas{m.state, {}});
  } else {
    v.List(18, "state", m.state);
  }
}

template <class V>
void Fields(V& v, const ConnectResult& m) {
  v.Text(1, "client", m.client);
  v.Text(2, "version", m.version);
  v.Flag(3, "expires", m.expires);
  v.Number(4, "ttl", m.ttl);
  v.Payload(5, "data", m.data);
  v.Map(6, "subs", m.subs);
  v.Number(7, "ping", m.ping);
  v.Flag(8, "pong", m.pong);
  v.Text(9, "session", m.session);
  v.Text(10, "node", m.node);
  v.Number(11, "time", m.time);
}

template <class V>
void Fields(V&, const UnsubscribeResult&) {}

template <class V>
void Fields(V&, const PublishResult&) {}

template <class V>
void Fields(V& v, const PresenceResult& m) {
  v.Encoded(kPresenceField, "presence", m.presence);
}

template <class V>
void Fields(V& v, const PresenceStatsResult& m) {
  v.Number(1, "num_clients", m.num_clients, Zero::kWritten);
  v.Number(2, "num_users", m.num_users, Zero::kWritten);
}

template <class V>
void Fields(V& v, const HistoryResult& m) {
  v.List(1, "publications", m.publications, Zero::kWritten);
  v.Text(2, "epoch", m.epoch, Zero::kWritten);
  v.Number(3, "offset", m.offset, Zero::kWritten);
}

template <class V>
void Fields(V& v, const RpcResult& m) {
  v.Payload(1, "data", m.data);
}

template <class V>
void Fields(V& v, const RefreshResult& m) {
  v.Text(1, "client", m.client);
  v.Text(2, "version", m.version);
  v.Flag(3, "expires", m.expires);
  v.Number(4, "ttl", m.ttl);
}

template <class V>
void Fields(V& v, const SubRefreshResult& m) {
  v.Flag(1, "expires", m.expires);
  v.Number(2, "ttl", m.ttl);
  if (m.data_as_text) {
    v.Deltas(3, "items", PublicationDeltas{m.items, {}});
  } else {
    v.List(3, "items", m.items);
  }
}

template <class V>
void Fields(V& v, const JoinPush& m) {
  v.Message(1, "info", m.info);
}

template <class V>
void Fields(V& v, const LeavePush& m) {
  v.Message(1, "info", m.info);
}

template <class V>
void Fields(V& v, const UnsubscribePush& m) {
  v.Number(2, "code", m.code);
  v.Text(3, "reason", m.reason);
}

template <class V>
void Fields(V& v, const SubscribePush& m) {
  v.Flag(1, "recoverable", m.recoverable);
  v.Text(4, "epoch", m.epoch);
  v.Number(5, "offset", m.offset);
  v.Flag(6, "positioned", m.positioned);
  v.Payload(7, "data", m.data);
}

template <class V>
void Fields(V& v, const MessagePush& m) {
  v.Payload(1, "data", m.data);
}

template <class V>
void Fields(V& v, const DisconnectPush& m) {
  v.Number(1, "code", m.code);
  v.Text(2, "reason", m.reason);
  v.Flag(3, "reconnect", m.reconnect);
}

template <class V>
void Fields(V& v, const RefreshPush& m) {
  v.Flag(1, "expires", m.expires);
  v.Number(2, "ttl", m.ttl);
}

template <class V>
void Fields(V& v, const Push& m) {
  v.Text(2, "channel", m.channel);
  v.template Case<PublicationPtr>(4, "pub", m.body);
  v.template Case<JoinPush>(5, "join", m.body);
  v.template Case<LeavePush>(6, "leave", m.body);
  v.template Case<UnsubscribePush>(7, "unsubscribe", m.body);
  v.template Case<MessagePush>(8, "message", m.body);
  v.template Case<SubscribePush>(9, "subscribe", m.body);
  v.template Case<ConnectResult>(10, "connect", m.body);
  v.template Case<DisconnectPush>(11, "disconnect", m.body);
  v.template Case<RefreshPush>(12, "refresh", m.body);
}

// A push of a Publication or a PublicationDelta, borrowed.
template <class P>
struct PublicationPush {
  std::string_view channel;
  const P& publication;
};

template <class V, class P>
void Fields(V& v, const PublicationPush<P>& m) {
  v.Text(2, "channel", m.channel);
  v.Message(4, "pub", m.publication);
}

// The reply that carries a push.
template <class P>
struct PushReply {
  const P& push;
};

template <class V, class P>
void Fields(V& v, const PushReply<P>& m) {
  v.Message(4, "push", m.push);
}

template <class V>
void Fields(V& v, const Reply& m) {
  v.Number(1, "id", m.id);
  v.template Case<ErrorReply>(2, "error", m.result);
  v.template Case<ConnectResult>(5, "connect", m.result);
  v.template Case<SubscribeResult>(6, "subscribe", m.result);
  v.template Case<UnsubscribeResult>(7, "unsubscribe", m.result);
  v.template Case<PublishResult>(8, "publish", m.result);
  v.template Case<PresenceResult>(9, "presence", m.result);
  v.template Case<PresenceStatsResult>(10, "presence_stats", m.result);
  v.template Case<HistoryResult>(11, "history", m.result);
  v.template Case<RpcResult>(13, "rpc", m.result);
  v.template Case<RefreshResult>(14, "refresh", m.result);
  v.template Case<SubRefreshResult>(15, "sub_refresh", m.result);
}

}  // namespace tidemill::protocol
