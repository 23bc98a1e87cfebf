// The connect command: who is it, may it come in, what does it follow from the start.
#include <utility>

#include "base/log.h"
#include "realtime/session/session.h"
#include "realtime/session/subscribe_terms.h"

namespace tidemill::session {

namespace {

Refusal RefusalOf(const Error& error) {
  switch (error.code) {
    case Errc::kExpired: return protocol::kErrorTokenExpired;
    case Errc::kUnauthenticated: return protocol::kDisconnectInvalidToken;
    default: return protocol::kErrorInternal;  // the keys could not be had: the client tries again
  }
}

}  // namespace

Task<void> Session::Handle(std::uint32_t id, protocol::ConnectRequest request) {
  if (connecting_) {
    Disconnect(protocol::kDisconnectBadRequest);
    co_return;
  }
  connecting_ = true;
  auto token = co_await Authenticate(std::move(request.token));
  if (closed_) co_return;
  if (!token) {
    co_return Refuse(id, token.error());
  }
  user_ = token->user;
  context_.registry.Add(*this);
  registered_ = true;
  if (const auto allowed = co_await EnforceUserLimits(); !allowed) co_return Refuse(id, allowed.error());
  if (closed_) co_return;
  auto subs = ServerSideChannels(*token, request);
  if (!subs) co_return Refuse(id, subs.error());

  if (token->expire_at != 0 || !token->info.empty() || !token->subs.empty()) {
    identity_ = std::make_unique<Identity>(Identity{.conn_info = std::move(token->info),
                                                    .expire_at = token->expire_at,
                                                    .token_subs = std::move(token->subs)});
  }
  // Publications of the server-side subscriptions must not overtake the reply that tells of them.
  outbox_.Hold();
  protocol::ConnectResult result;
  if (const auto done = co_await SubscribeServerSide(*std::move(subs), std::move(request), result); !done) {
    co_return Refuse(id, done.error());
  }
  if (closed_) co_return;
  ReplyConnected(id, std::move(result));
}

void Session::ReplyConnected(std::uint32_t id, protocol::ConnectResult result) {
  const config::ClientSettings& client = settings().client;
  connected_ = true;
  context_.metrics.connections.Add(1);
  context_.metrics.connects.Add();
  result.client = client_.ToString();
  result.version = settings().version;
  if (identity_ && identity_->expire_at != 0) {
    result.expires = true;
    result.ttl = TtlUntil(identity_->expire_at);
  }
  if (!form_.native_ping) {
    result.ping = static_cast<std::uint32_t>(client.ping_interval.ms / 1000);
    result.pong = client.pong_timeout.ms > 0;
  }
  if (client.connect_include_server_time) result.time = context_.loop.clock().WallNow().ms;
  std::vector<std::string> joined;
  for (const auto& subscription : subscriptions_) {
    if (subscription->join_leave) joined.push_back(subscription->channel_name());
  }
  Reply(id, std::move(result));
  outbox_.Release();
  StartDeadlines();
  for (std::string& channel : joined) Announce(FindSubscription(channel));
}

Task<Verdict<auth::ConnectToken>> Session::Authenticate(std::string token) {
  const std::shared_ptr<const SessionSettings> held = context_.settings;
  const config::ClientSettings& client = held->client;
  if (token.empty()) {
    if (client.allow_anonymous_connect_without_token || client.insecure) co_return auth::ConnectToken{};
    log::Debug("session.refused",
               {{"client", client_.ToString()}, {"why", "no token, and anonymous is not allowed"}});
    co_return std::unexpected(Refusal(protocol::kDisconnectBadRequest));
  }
  const std::shared_ptr<Tokens> tokens = context_.tokens;
  auto verified = co_await tokens->connect->VerifyConnect(std::move(token));
  if (!verified) {
    log::Debug("session.refused", {{"client", client_.ToString()}, {"why", verified.error().detail}});
    co_return std::unexpected(RefusalOf(verified.error()));
  }
  if (verified->user.empty() && client.disallow_anonymous_connection_tokens) {
    co_return std::unexpected(Refusal(protocol::kDisconnectPermissionDenied));
  }
  if (client.insecure) verified->expire_at = 0;
  if (verified->expire_at != 0 && verified->expire_at <= WallSeconds()) {
    co_return std::unexpected(Refusal(protocol::kErrorExpired));
  }
  co_return *std::move(verified);
}

Task<Verdict<void>> Session::EnforceUserLimits() {
  const std::shared_ptr<const SessionSettings> held = context_.settings;
  if (user_.empty()) co_return {};
  if (held->client.user_connection_limit > 0) {
    const std::uint64_t count = co_await context_.directory->CountOfUser(user_);
    if (count > held->client.user_connection_limit) {
      co_return std::unexpected(Refusal(protocol::kDisconnectConnectionLimit));
    }
  }
  if (held->client.single_connection) {
    control::Target others{
        .user = user_, .client = "", .session = "", .except_clients = {client_.ToString()}};
    const auto& code = protocol::kDisconnectConnectionLimit;
    // Nobody may be kept out because a node that has just died does not acknowledge.
    control::Disconnect disconnect{code.code, std::string(code.reason), control::WaitFor::kThisNode};
    (void)co_await context_.directory->Apply(std::move(others), std::move(disconnect));
  }
  co_return {};
}

Verdict<std::map<std::string, auth::TokenSubscription>> Session::ServerSideChannels(
    const auth::ConnectToken& token, const protocol::ConnectRequest& request) {
  const config::ClientSettings& client = settings().client;
  std::map<std::string, auth::TokenSubscription> channels = token.subs;
  if (client.subscribe_to_user_personal_channel && !token.user.empty()) {
    const std::string& name_space = client.personal_channel_namespace;
    channels.try_emplace((name_space.empty() ? "#" : name_space + ":#") + token.user);
  }
  // Channels the client asks for in the connect command: those it could subscribe to by itself.
  for (const auto& [name, sub] : request.subs) {
    if (channels.contains(name)) continue;
    const auto channel = settings().rules->Find(name);
    if (!channel) return std::unexpected(Refusal(protocol::kDisconnectBadRequest));
    if (channel->name.is_private) continue;
    if (channels::MaySubscribe(*channel, {.user = token.user, .insecure = client.insecure}))
      channels.try_emplace(name);
  }
  if (channels.size() > client.channel_limit)
    return std::unexpected(Refusal(protocol::kDisconnectChannelLimit));
  return channels;
}

Task<Verdict<void>> Session::SubscribeServerSide(std::map<std::string, auth::TokenSubscription> subs,
                                                 protocol::ConnectRequest request,
                                                 protocol::ConnectResult& result) {
  for (auto& [name, token] : subs) {
    protocol::SubscribeRequest wanted;
    if (const auto asked = request.subs.find(name); asked != request.subs.end()) wanted = asked->second;
    wanted.channel = name;
    SubscribeTerms terms{.server_side = true,
                         .info = std::move(token.info),
                         .data = std::move(token.data),
                         .overrides = token.overrides};
    auto joined = co_await Join(std::move(wanted), std::move(terms));
    if (closed_) co_return {};
    if (!joined) co_return std::unexpected(joined.error());
    result.subs.emplace_back(name, *std::move(joined));
  }
  co_return {};
}

}  // namespace tidemill::session
