// Refreshing what expires: the connection and subscriptions with tokens.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "realtime/session/session.h"

namespace tidemill::session {
namespace {

constexpr std::int64_t kTtlSecondsMax = 365LL * 24 * 3600;  // what clients are told at most

}  // namespace

// An expired token ends what it was to prolong: it must not make it permanent.
void Session::RefuseRefresh(std::uint32_t id, const Error& error, protocol::DisconnectCode expired) {
  if (error.code == Errc::kExpired) return Disconnect(expired);
  if (error.code == Errc::kUnauthenticated) return Disconnect(protocol::kDisconnectInvalidToken);
  ReplyError(id, protocol::kErrorInternal);  // the keys could not be had: the client tries again
}

std::uint32_t Session::TtlUntil(std::int64_t expire_at) const {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(expire_at - WallSeconds(), 0, kTtlSecondsMax));
}

Task<void> Session::Handle(std::uint32_t id, protocol::RefreshRequest request) {
  if (request.token.empty()) co_return Disconnect(protocol::kDisconnectBadRequest);
  const std::shared_ptr<Tokens> tokens = context_.tokens;
  auto token = co_await tokens->connect->VerifyConnect(std::move(request.token));
  if (closed_) co_return;
  if (!token) {
    log::Debug("session.refresh_refused", {{"client", client_.ToString()}, {"why", token.error().detail}});
    co_return RefuseRefresh(id, token.error(), protocol::kDisconnectExpired);
  }
  if (token->user != user_) co_return Disconnect(protocol::kDisconnectInvalidToken);
  // Other server-side channels than before: the client must connect anew to get them.
  const std::map<std::string, auth::TokenSubscription> none;
  if (token->subs != (identity_ ? identity_->token_subs : none)) {
    co_return Disconnect(protocol::kDisconnectInsufficientState);
  }
  if (token->expire_at != 0 && token->expire_at <= WallSeconds())
    co_return Disconnect(protocol::kDisconnectExpired);
  if (!identity_) identity_ = std::make_unique<Identity>();
  identity_->expire_at = token->expire_at;
  if (!token->info.empty()) identity_->conn_info = std::move(token->info);
  protocol::RefreshResult result;
  if (token->expire_at != 0) {
    result.expires = true;
    result.ttl = TtlUntil(token->expire_at);
  }
  Reply(id, std::move(result));
  Reschedule();
}

Task<void> Session::Handle(std::uint32_t id, protocol::SubRefreshRequest request) {
  if (request.channel.empty()) co_return Disconnect(protocol::kDisconnectBadRequest);
  if (request.type != 0) co_return ReplyError(id, protocol::kErrorNotAvailable);
  if (!FindSubscription(request.channel)) co_return ReplyError(id, protocol::kErrorPermissionDenied);
  if (request.token.empty()) co_return ReplyError(id, protocol::kErrorBadRequest);
  const std::shared_ptr<Tokens> tokens = context_.tokens;
  auto token = co_await tokens->for_subscribe().VerifySubscribe(std::move(request.token));
  if (closed_) co_return;
  if (!token) {
    log::Debug("session.sub_refresh_refused",
               {{"client", client_.ToString()}, {"why", token.error().detail}});
    if (token.error().code == Errc::kUnavailable) co_return ReplyError(id, protocol::kErrorInternal);
    const bool expired = token.error().code == Errc::kExpired;
    co_return Disconnect(expired ? protocol::kDisconnectSubExpired : protocol::kDisconnectInvalidToken);
  }
  if (!TokenIsFor(*token, request.channel)) co_return Disconnect(protocol::kDisconnectInvalidToken);
  if (token->expire_at != 0 && token->expire_at <= WallSeconds())
    co_return Disconnect(protocol::kDisconnectSubExpired);
  ChannelSubscription* const subscription = FindSubscription(request.channel);
  if (!subscription) co_return ReplyError(id, protocol::kErrorPermissionDenied);
  subscription->expire_at = token->expire_at;
  protocol::SubRefreshResult result;
  if (token->expire_at != 0) {
    subscriptions_expire_ = true;
    result.expires = true;
    result.ttl = TtlUntil(token->expire_at);
  }
  Reply(id, std::move(result));
  Reschedule();
}

}  // namespace tidemill::session
