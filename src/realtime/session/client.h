// Client: who a session speaks for, and the way to it: what the parts of a session share.
//
// Loop thread only. Lives inside its session, at a fixed address.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/token.h"
#include "base/random.h"
#include "http/message.h"
#include "net/task.h"
#include "realtime/hub/form.h"
#include "realtime/hub/outbox.h"
#include "realtime/protocol/codec.h"
#include "realtime/protocol/codes.h"
#include "realtime/protocol/messages.h"
#include "realtime/protocol/reply_bytes.h"
#include "realtime/session/context.h"
#include "realtime/session/transport_kind.h"
#include "realtime/session/verdict.h"

namespace tidemill::session {

struct ChannelSubscription;

// What clients are told of an answer that there is no room for.
inline constexpr protocol::ErrorCode kErrorAnswerTooLarge{
    protocol::kErrorLimitExceeded.code, "limit exceeded: the answer is over client.answer_max_size"};
inline constexpr protocol::ErrorCode kErrorTooManyAnswers{
    protocol::kErrorTooManyRequests.code, "too many requests: client.unread_answers_max_size is reached",
    true};

inline constexpr protocol::ErrorCode kErrorAccessListAway{
    protocol::kErrorInternal.code, "internal server error: who is blocked is not known yet", true};
inline constexpr protocol::ErrorCode kErrorTooManyFilters{
    protocol::kErrorLimitExceeded.code,
    "limit exceeded: the channel's subscribers have channel.tags_filters_max different filters"};
inline constexpr protocol::ErrorCode kErrorTooMuchFiltering{
    protocol::kErrorLimitExceeded.code,
    "limit exceeded: the filters of the channel's subscribers are too much work together"};

// In one byte: every session has it.
struct SessionForm {
  protocol::Encoding encoding : 1 = protocol::Encoding::kJson;
  hub::Framing framing : 2 = hub::Framing::kWebsocket;
  protocol::Direction direction : 1 = protocol::Direction::kBidirectional;
  bool compressed : 1 = false;   // permessage-deflate was negotiated
  bool native_ping : 1 = false;  // the client asked for pings below the protocol

  TransportKind transport() const { return KindOf(framing, direction); }
};

// What happens to the way to the client; the session's.
class ClientEvents : public hub::OutboxOwner {
 public:
  // A publication cannot be said in the client's encoding. Not a call to end anything inside of.
  virtual void OnInappropriateData() = 0;
  // What comes next on the subscription does not continue what came before. It may end inside.
  virtual void OnStreamLost(const ChannelSubscription& subscription) = 0;
  // The operator's service has removed a key that the client tracks. It does not end inside.
  virtual void OnKeyRemoved(const std::string& channel, const protocol::PublicationPtr& removal) = 0;

 protected:
  ~ClientEvents() = default;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

// What of a client is rarely there.
struct Identity {
  std::string conn_info;       // raw bytes
  std::int64_t expire_at = 0;  // seconds since the Unix epoch; 0: never
  std::uint32_t renewals = 0;
  std::int64_t connected_at = 0;  // seconds since the Unix epoch
  bool has_token = false;         // who it is says a token: the one with the mark that follows
  auth::TokenMark token;
  TokenIndex::Link token_link;
  std::map<std::string, auth::TokenSubscription> token_subs;  // a refresh must bring the same
  std::string meta;                                           // JSON for the backend; "": none
  std::string claims;                                         // of the token, where they are kept
  BucketTimes rate_times;                                     // where connections have rate limits
  Headers handshake_headers;                                  // for the backend, which asked for them
  Headers connect_headers;
};

struct Client {
  Client(Context& of_loop, ClientEvents& session, net::Stream& stream, SessionForm form_of_session);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  const SessionSettings& settings() const { return *context.settings; }
  std::int64_t WallSeconds() const;
  // Whether what expires then has expired; 0: it never does.
  bool IsPast(std::int64_t expire_at) const { return expire_at != 0 && expire_at <= WallSeconds(); }
  // Seconds until then, as clients are told: 0 to one year.
  std::uint32_t TtlUntil(std::int64_t expire_at) const;
  // When the connection expires; 0: never.
  std::int64_t expire_at() const { return identity ? identity->expire_at : 0; }
  // How often it was renewed: a refresh that takes its time is over when another one has come meanwhile.
  std::uint32_t renewals() const { return identity ? identity->renewals : 0; }
  // What a refresh brought; `conn_info` null: as before.
  void Renew(std::int64_t expire_at, const std::string* conn_info);
  // The mark of the token that it connected or refreshed with, and its claims.
  void KeepToken(auth::TokenMark token, std::string claims);
  const auth::TokenMark& token() const;
  bool has_token() const { return identity && identity->has_token; }
  // Whether a token of this client's user is not good any more. `channel`: of a token of a subscription; "":
  // of a connection.
  bool HasRevoked(const auth::TokenMark& token, std::string_view channel) const;
  // The token's subscriptions.
  void KeepSubs(std::map<std::string, auth::TokenSubscription> subs);
  // The token's claims; "" where nobody reads them (Context::keeps_claims).
  std::string_view claims() const { return identity ? std::string_view(identity->claims) : ""; }
  // What the backend is told with each question; nothing where it does not want it.
  void KeepMeta(std::string meta);
  void KeepHandshakeHeaders(std::span<const http::HeaderView> headers);
  // False: one of them is no header of HTTP.
  bool KeepConnectHeaders(const std::map<std::string, std::string>& headers);
  // As others see it in a channel where its chan_info is this.
  protocol::ClientInfo InfoWith(std::string_view chan_info) const;
  // Whether its rate, and its user's, lets that through now: kErrorTooManyRequests.
  Verdict<void> MaySend(Operation operation);
  // Of what that lets through, where users are counted over all nodes (Context::shared_rates). The client may
  // be gone when there is an answer; `operation` outlives the task.
  Task<Verdict<void>> MaySendOverAll(Operation operation);
  // Whether an answer of that many bytes may be given now: kErrorAnswerTooLarge, kErrorTooManyAnswers.
  Verdict<void> MayAnswer(std::size_t bytes) const;
  Identity& OwnIdentity();
  // Refuses it something, and notes that.
  std::unexpected<Refusal> Refuse(Refusal refusal, const RefusalDetail& detail) const;
  // How publications' data are sent to it where deltas were granted: in JSON as a text.
  protocol::DataAs DeltaDataAs() const {
    return form.encoding == protocol::Encoding::kJson ? protocol::DataAs::kText : protocol::DataAs::kPayload;
  }
  // Whether the token is for this client, in this channel.
  bool IsMeantBy(const auth::SubscribeToken& token, std::string_view channel) const;

  Context& context;
  ClientEvents& events;
  hub::Outbox outbox;
  std::string user;  // "": anonymous, or not known yet
  std::unique_ptr<Identity> identity;
  bool awaits_others : 1 = false;   // its command waits for an answer from elsewhere
  bool awaited_others : 1 = false;  // and did so since this was last looked at
  // The reply to connect told of no time: the backend prolongs the connection, and not the client.
  bool asks_backend : 1 = false;
  const Uuid id;
  const SessionForm form;
};

// While it lives, the client's command waits for an answer from elsewhere: the client is not asked for signs
// of life, which wait behind it.
class AwaitsOthers {
 public:
  explicit AwaitsOthers(Client& client) : client_(client) { client_.awaits_others = true; }
  AwaitsOthers(const AwaitsOthers&) = delete;
  AwaitsOthers& operator=(const AwaitsOthers&) = delete;
  ~AwaitsOthers() {
    client_.awaits_others = false;
    client_.awaited_others = true;
  }

 private:
  Client& client_;
};

// The answer that a command of `client` waits for.
template <class T>
Task<T> Awaited(Client& client, Task<T> answer) {
  const AwaitsOthers awaits(client);
  co_return co_await std::move(answer);
}

}  // namespace tidemill::session
