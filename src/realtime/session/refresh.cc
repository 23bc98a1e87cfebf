#include "realtime/session/refresh.h"

#include <map>
#include <memory>
#include <utility>

#include "realtime/session/backend_refresh.h"
#include "realtime/session/context.h"
#include "realtime/session/subscription_options.h"

namespace tidemill::session {
namespace {

Refusal RefusalOf(const Error& error, protocol::DisconnectCode expired) {
  if (error.code == Errc::kExpired) return expired;
  if (error.code == Errc::kUnauthenticated) return protocol::kDisconnectInvalidToken;
  return protocol::kErrorTokenKeysAway;  // the keys could not be had: the client tries again
}

}  // namespace

Task<Verdict<protocol::RefreshResult>> Refresh(Client& client, std::string given) {
  if (given.empty()) co_return Refused(protocol::kDisconnectBadRequest);
  if (IsRefreshed(client)) {
    co_return client.Refuse(protocol::kDisconnectBadRequest,
                            {.why = "the backend refreshes connections", .setting = "client.proxy.refresh"});
  }
  const std::shared_ptr<Tokens> tokens = client.context.tokens;
  const std::uint32_t renewals = client.renewals();
  auto token = co_await tokens->connect->VerifyConnect(std::move(given));
  if (!token) {
    co_return client.Refuse(RefusalOf(token.error(), protocol::kDisconnectExpired),
                            {.why = token.error().detail, .setting = "client.token"});
  }
  if (token->user != client.user) {
    co_return client.Refuse(protocol::kDisconnectInvalidToken, {.why = "the new token is another user's"});
  }
  if (client.HasRevoked(token->mark, "")) {
    co_return client.Refuse(protocol::kDisconnectInvalidToken,
                            {.reason = RefusalReason::kRevoked, .why = "the new token has been revoked"});
  }
  // Other server-side channels than before: the client must connect anew to get them.
  const std::map<std::string, auth::TokenSubscription> none;
  if (token->subs != (client.identity ? client.identity->token_subs : none)) {
    co_return Refused(protocol::kDisconnectInsufficientState);
  }
  if (client.IsPast(token->expire_at)) co_return Refused(protocol::kDisconnectExpired);
  // The server's refresh that came while the token was being verified is the later request, and stays.
  if (client.renewals() == renewals) {
    client.Renew(token->expire_at, token->info.empty() ? nullptr : &token->info);
    client.KeepMeta(std::move(token->meta));
  }
  client.KeepToken(std::move(token->mark), std::move(token->claims));
  protocol::RefreshResult result;
  if (client.expire_at() != 0) {
    result.expires = true;
    result.ttl = client.TtlUntil(client.expire_at());
  }
  co_return result;
}

Task<Verdict<RefreshedSubscription>> RefreshSubscription(Client& client, Subscriptions& subscriptions,
                                                         protocol::SubRefreshRequest request) {
  if (request.channel.empty()) co_return Refused(protocol::kDisconnectBadRequest);
  const ChannelSubscription* const asked = subscriptions.Find(request.channel);
  if (!asked || !asked->attached()) co_return Refused(protocol::kErrorPermissionDenied);
  if (asked->asks_backend) {
    co_return client.Refuse(protocol::kDisconnectBadRequest,
                            {.channel = request.channel,
                             .why = "the backend refreshes subscriptions of this namespace",
                             .setting = "sub_refresh_proxy_enabled"});
  }
  const std::uint32_t number = asked->number;
  if (request.token.empty()) co_return Refused(protocol::kErrorBadRequest);
  const std::shared_ptr<Tokens> tokens = client.context.tokens;
  auto token = co_await tokens->for_subscribe().VerifySubscribe(std::move(request.token));
  if (!token) {
    co_return client.Refuse(RefusalOf(token.error(), protocol::kDisconnectSubExpired),
                            {.channel = request.channel, .why = token.error().detail});
  }
  if (!client.IsMeantBy(*token, request.channel)) {
    co_return client.Refuse(
        protocol::kDisconnectInvalidToken,
        {.channel = request.channel, .why = "the subscription token is for another channel, user or client"});
  }
  if (client.IsPast(token->expire_at)) co_return Refused(protocol::kDisconnectSubExpired);
  const auto server_filter = ServerFilterOf(token->tags_filter);
  if (!server_filter) {
    co_return client.Refuse(
        protocol::kDisconnectInvalidToken,
        {.channel = request.channel, .why = "server_tags_filter of the new subscription token is malformed"});
  }
  if (client.HasRevoked(token->mark, request.channel)) {
    co_return client.Refuse(protocol::kDisconnectInvalidToken,
                            {.reason = RefusalReason::kRevoked,
                             .channel = request.channel,
                             .why = "the new subscription token has been revoked"});
  }
  // Not the next one of the channel, which has terms of its own.
  if (!subscriptions.Holds(request.channel, number)) co_return Refused(protocol::kErrorPermissionDenied);
  ChannelSubscription& subscription = *subscriptions.Find(request.channel);
  subscriptions.KeepToken(subscription, std::move(token->mark));
  subscriptions.SetExpiry(subscription, token->expire_at);
  RefreshedSubscription refreshed;
  if (token->expire_at != 0) {
    refreshed.result.expires = true;
    refreshed.result.ttl = client.TtlUntil(token->expire_at);
  }
  const filter::FilterPtr sees = subscriptions.ServerFilter(request.channel);
  refreshed.sees_other = *server_filter && (!sees || sees->canonical() != (*server_filter)->canonical());
  co_return refreshed;
}

}  // namespace tidemill::session
