// Backend: the operator's own service, which decides about clients where the settings say so. Its questions
// go through proxies/.
//
// A connect command without a token, subscriptions, publications and rpc are asked about while the command
// waits; what expires is asked about by the session's timer. The options of a channel's namespace say whether
// it is asked about (channels::ChannelOptions).
//
// One per loop, loop thread only; outlives the loop's sessions. What a call refers to lives until its task
// has ended; the client may be gone by then.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "auth/token.h"
#include "net/task.h"
#include "realtime/broker/data_form.h"
#include "realtime/broker/map_broker.h"
#include "realtime/channels/rules.h"
#include "realtime/protocol/messages.h"
#include "realtime/session/authority.h"
#include "realtime/session/rpc.h"
#include "realtime/session/verdict.h"

namespace tidemill::session {

struct Client;

// Who comes in, and with what.
struct ConnectTerms {
  // Who has said so.
  enum class From : std::uint8_t { kNobody, kToken, kBackend };
  From from = From::kNobody;
  std::string user;
  std::int64_t expire_at = 0;  // seconds since the Unix epoch; 0: never
  std::string info;            // raw bytes
  std::string meta;            // JSON, which the client never sees; "": none
  std::string data;            // raw bytes: told in the reply
  std::map<std::string, auth::TokenSubscription> subs;
  auth::TokenMark token;  // of kToken
  std::string claims;     // likewise: all of the payload
};

// What becomes of a connection or a subscription whose time is over.
struct RefreshTerms {
  bool expired = false;
  bool not_asked = false;  // too many ask: again in a moment
  std::int64_t expire_at = 0;
  std::optional<std::string> info;  // nullopt: as before
  std::optional<std::string> meta;  // of a connection; nullopt: as before
};

struct PublishTerms {
  std::optional<std::string> data;                   // in place of the client's
  broker::DataForm form = broker::DataForm::kBytes;  // of these
  protocol::Tags tags;
  std::string idempotency_key;
  std::uint64_t version = 0;
  std::string version_epoch;
  bool skip_history = false;
  bool delta = false;
};

// Of a key of a map channel.
struct KeyTerms {
  PublishTerms publish;
  std::string key;  // "": the client's
  broker::KeyCondition condition = broker::KeyCondition::kNone;
};

// What a client wants to publish, or a key that it wants to publish or remove.
struct PublishQuestion {
  const Client& client;
  const channels::Channel& channel;
  const protocol::PublishRequest& request;
};

// Where a header comes from.
enum class HeaderFrom : std::uint8_t {
  kHandshake,  // of HTTP: what stands in front of the server may have set it
  kConnect,    // the client has written it into its connect command
};

class Backend : public RpcHandler {
 public:
  // Whether later calls may need that header; names are compared without case.
  virtual bool Keeps(HeaderFrom from, std::string_view name) const = 0;

  virtual bool decides_connects() const = 0;
  // nullopt: nobody knows the client.
  virtual Task<Verdict<std::optional<ConnectTerms>>> Connect(const Client& client,
                                                             const protocol::ConnectRequest& request) = 0;

  // Where the namespace's options say subscribe_proxy_enabled.
  virtual Task<Verdict<SubscribeTerms>> Subscribe(SubscribeCall call) = 0;
  // Where they say publish_proxy_enabled.
  virtual Task<Verdict<PublishTerms>> Publish(PublishQuestion question) = 0;
  // Where they say map.publish_proxy_enabled, or map.remove_proxy_enabled for a key to be removed.
  virtual Task<Verdict<KeyTerms>> ChangeKey(PublishQuestion question) = 0;

  virtual bool refreshes_connections() const = 0;
  // nullopt: there was no answer.
  virtual Task<std::optional<RefreshTerms>> Refresh(const Client& client) = 0;
  // Where the namespace's options say sub_refresh_proxy_enabled.
  virtual Task<std::optional<RefreshTerms>> RefreshSubscription(const Client& client,
                                                                std::string channel) = 0;

  // The client is gone: what it waits for and would change nothing need not be asked any more. Its calls go
  // on in a later turn.
  virtual void OnClientGone(const Client& client) = 0;
};

}  // namespace tidemill::session
