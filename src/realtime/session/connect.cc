#include "realtime/session/connect.h"

#include <memory>
#include <utility>

#include "net/async.h"
#include "realtime/channels/permissions.h"
#include "realtime/protocol/reply_bytes.h"
#include "realtime/session/context.h"
#include "realtime/session/default_authority.h"
#include "realtime/session/subscription_options.h"

namespace tidemill::session {
namespace {

// Between looks at a list that has not been read yet, each twice as long as the one before: 3 s together.
constexpr Duration kAccessPauseMin = Milliseconds(50);
constexpr Duration kAccessPauseMax = Milliseconds(1600);

Refusal RefusalOf(const Error& error) {
  switch (error.code) {
    case Errc::kExpired: return protocol::kErrorTokenExpired;
    case Errc::kUnauthenticated: return protocol::kDisconnectInvalidToken;
    default: return protocol::kErrorTokenKeysAway;  // the keys could not be had: the client tries again
  }
}

}  // namespace

Task<Verdict<ConnectTerms>> ConnectCommand::Authenticate(const protocol::ConnectRequest& request) const {
  const std::shared_ptr<const SessionSettings> held = client_.context.settings;
  const auto& settings = held->client;
  if (!client_.KeepConnectHeaders(request.headers)) {
    co_return client_.Refuse(protocol::kErrorBadRequest,
                             {.why = "a header in the connect command is not one of HTTP"});
  }
  if (!request.token.empty()) co_return co_await CheckToken(request.token);
  const Backend* const backend = client_.context.backend;
  ConnectTerms terms;
  if (backend && backend->decides_connects()) {
    TM_CO_TRY_ASSIGN(terms, co_await AskBackend(request));
  }
  if (terms.from == ConnectTerms::From::kNobody && !settings.allow_anonymous_connect_without_token &&
      !settings.insecure) {
    co_return client_.Refuse(protocol::kDisconnectBadRequest,
                             {.reason = RefusalReason::kToken,
                              .why = "no token, and clients without one are not allowed",
                              .setting = "client.allow_anonymous_connect_without_token"});
  }
  if (client_.IsPast(terms.expire_at)) co_return Refused(protocol::kErrorExpired);
  co_return terms;
}

Task<Verdict<ConnectTerms>> ConnectCommand::CheckToken(std::string token) const {
  const std::shared_ptr<const SessionSettings> held = client_.context.settings;
  const auto& settings = held->client;
  const std::shared_ptr<Tokens> tokens = client_.context.tokens;
  auto verified = co_await tokens->connect->VerifyConnect(std::move(token));
  if (!verified) {
    co_return client_.Refuse(RefusalOf(verified.error()),
                             {.why = verified.error().detail, .setting = "client.token"});
  }
  if (verified->user.empty() && settings.disallow_anonymous_connection_tokens) {
    co_return client_.Refuse(
        protocol::kDisconnectPermissionDenied,
        {.why = "the token has no user", .setting = "client.disallow_anonymous_connection_tokens"});
  }
  if (settings.insecure) verified->expire_at = 0;
  if (client_.IsPast(verified->expire_at)) co_return Refused(protocol::kErrorExpired);
  co_return ConnectTerms{.from = ConnectTerms::From::kToken,
                         .user = std::move(verified->user),
                         .expire_at = verified->expire_at,
                         .info = std::move(verified->info),
                         .meta = std::move(verified->meta),
                         .data = {},
                         .subs = std::move(verified->subs),
                         .token = std::move(verified->mark),
                         .claims = std::move(verified->claims)};
}

Task<Verdict<ConnectTerms>> ConnectCommand::AskBackend(const protocol::ConnectRequest& request) const {
  const AwaitsOthers awaits(client_);
  TM_CO_TRY_ASSIGN(auto terms, co_await client_.context.backend->Connect(client_, request));
  co_return terms ? *std::move(terms) : ConnectTerms{};
}

Task<Verdict<void>> ConnectCommand::CheckAccess() const {
  const access::AccessList* const list = client_.context.access;
  if (!list) co_return {};
  net::Loop& loop = client_.context.loop;
  for (Duration pause = kAccessPauseMin; !list->ready() && pause <= kAccessPauseMax; pause.ms *= 2) {
    co_await net::Sleep(loop, pause);
  }
  if (!list->ready()) {
    co_return client_.Refuse(kErrorAccessListAway,
                             {.reason = RefusalReason::kUnavailable,
                              .why = "blocked users and revoked tokens have not been read from Redis yet"});
  }
  if (list->IsBlocked(client_.user, loop.clock().WallNow())) {
    co_return client_.Refuse(protocol::kDisconnectPermissionDenied,
                             {.reason = RefusalReason::kBlocked, .why = "the user is blocked"});
  }
  if (client_.has_token() && client_.HasRevoked(client_.token(), "")) {
    co_return client_.Refuse(protocol::kDisconnectInvalidToken,
                             {.reason = RefusalReason::kRevoked, .why = "the token has been revoked"});
  }
  co_return {};
}

Task<Verdict<void>> ConnectCommand::EnforceUserLimits() const {
  const std::shared_ptr<const SessionSettings> held = client_.context.settings;
  const auto& settings = held->client;
  control::Directory& directory = *client_.context.directory;
  TM_CO_TRY(client_.MaySend(Operation::Connect()));
  if (client_.context.shared_rates) TM_CO_TRY(co_await client_.MaySendOverAll(Operation::Connect()));
  if (client_.user.empty()) co_return {};
  if (settings.user_connection_limit > 0) {
    const std::uint64_t count = co_await directory.CountOfUser(client_.user);
    if (count > settings.user_connection_limit) co_return Refused(protocol::kDisconnectConnectionLimit);
  }
  if (settings.single_connection) {
    control::Target others{
        .user = client_.user, .client = "", .session = "", .except_clients = {client_.id.ToString()}};
    const auto& code = protocol::kDisconnectConnectionLimit;
    // Nobody may be kept out because a node that has just died does not acknowledge.
    control::Disconnect disconnect{code.code, std::string(code.reason), control::WaitFor::kThisNode};
    (void)co_await directory.Apply(std::move(others), std::move(disconnect));
  }
  co_return {};
}

Verdict<InitialSubscriptions> ConnectCommand::ChannelsOf(const ConnectTerms& terms,
                                                         const protocol::ConnectRequest& request) const {
  const SessionSettings& settings = client_.settings();
  InitialSubscriptions channels = terms.subs;
  if (settings.client.subscribe_to_user_personal_channel && !terms.user.empty()) {
    const std::string& name_space = settings.client.personal_channel_namespace;
    channels.try_emplace((name_space.empty() ? "#" : name_space + ":#") + terms.user);
  }
  for (const auto& [name, sub] : request.subs) {
    if (channels.contains(name) || terms.from == ConnectTerms::From::kBackend) continue;
    const auto channel = settings.rules->FindForClient(name);
    if (!channel && channel.error() == protocol::kErrorBadRequest) continue;
    if (!channel) {
      return client_.Refuse(protocol::kDisconnectBadRequest, {.reason = RefusalReason::kUnknownChannel,
                                                              .channel = name,
                                                              .why = "no such namespace",
                                                              .setting = "channel.namespaces"});
    }
    if (channel->name.is_private || !channel->options->is_stream() || IsForBackend(client_, *channel))
      continue;
    const channels::Caller caller{.user = terms.user, .insecure = settings.client.insecure};
    if (channels::MaySubscribe(*channel, caller)) channels.try_emplace(name);
  }
  if (channels.size() > settings.client.channel_limit) return Refused(protocol::kDisconnectChannelLimit);
  return channels;
}

Verdict<void> ConnectCommand::Begin(const InitialSubscriptions& wanted) const {
  for (const auto& [name, token] : wanted) TM_TRY(subscriptions_.Begin(name));
  return {};
}

Task<Verdict<decltype(protocol::ConnectResult::subs)>> ConnectCommand::Join(
    InitialSubscriptions wanted, protocol::ConnectRequest request) {
  decltype(protocol::ConnectResult::subs) told;
  told.reserve(wanted.size());
  std::size_t bytes = 0;  // of the answer so far
  for (auto& [name, token] : wanted) {
    protocol::SubscribeRequest subscribe;
    if (const auto asked = request.subs.find(name); asked != request.subs.end()) subscribe = asked->second;
    subscribe.channel = name;
    subscribe.type = 0;  // a map is not subscribed to by the server, whatever the client asks for
    auto server_filter = ServerFilterOf(token.tags_filter);
    if (!server_filter) {
      co_return client_.Refuse(protocol::kErrorPermissionDenied,
                               {.reason = RefusalReason::kToken,
                                .channel = name,
                                .why = "server_tags_filter of a server-side subscription is malformed"});
    }
    SubscribeTerms terms{.server_side = true,
                         .info = std::move(token.info),
                         .data = std::move(token.data),
                         .overrides = token.overrides,
                         .token = {},
                         .server_filter = *std::move(server_filter)};
    TM_CO_TRY_ASSIGN(Joined joined,
                     co_await subscriptions_.Join(std::move(subscribe), std::move(terms), bytes));
    if (joined.ended) continue;
    bytes += protocol::ReplyBytes(joined.result.publications);
    told.emplace_back(name, std::move(joined.result));
  }
  // What was joined and ended again since: the client never hears of it.
  if (subscriptions_.size() < told.size()) {
    std::erase_if(told, [this](const auto& one) { return !subscriptions_.Find(one.first); });
  }
  co_return told;
}

protocol::ConnectResult ConnectCommand::Result() const {
  const SessionSettings& settings = client_.settings();
  protocol::ConnectResult result;
  result.client = client_.id.ToString();
  result.version = settings.version;
  if (client_.expire_at() != 0 && !client_.asks_backend) {
    result.expires = true;
    result.ttl = client_.TtlUntil(client_.expire_at());
  }
  if (!client_.form.native_ping) {
    result.ping = static_cast<std::uint32_t>(settings.client.ping_interval.ms / 1000);
    const bool speaks = client_.form.direction == protocol::Direction::kBidirectional;
    result.pong = speaks && settings.client.pong_timeout.ms > 0;
  }
  if (settings.client.connect_include_server_time) {
    result.time = client_.context.loop.clock().WallNow().ms;
  }
  return result;
}

}  // namespace tidemill::session
