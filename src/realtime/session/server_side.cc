// What the server API does to a session.
#include <utility>

#include "realtime/session/session.h"
#include "realtime/session/subscribe_terms.h"

namespace tidemill::session {

void Session::ServerUnsubscribe(std::string_view channel, protocol::UnsubscribeCode code) {
  std::vector<std::string> channels;
  for (const auto& subscription : subscriptions_) {
    if (channel.empty() || subscription->channel_name() == channel)
      channels.push_back(subscription->channel_name());
  }
  for (std::string& name : channels) {
    EndSubscription(TakeSubscription(name));
    context_.metrics.CountUnsubscribe(code.code);
    QueuePush(
        {.channel = std::move(name), .body = protocol::UnsubscribePush{code.code, std::string(code.reason)}});
  }
}

Task<Result<void>> Session::ServerSubscribe(control::Subscribe subscribe) {
  if (!connected_ || closed_ || FindSubscription(subscribe.channel)) co_return {};
  if (subscriptions_.size() >= settings().client.channel_limit) {
    co_return Fail(Errc::kLimitExceeded, "client.channel_limit reached");
  }
  protocol::SubscribeRequest request;
  request.channel = subscribe.channel;
  if (subscribe.recover_since) {
    request.recover = true;
    request.offset = subscribe.recover_since->offset;
    request.epoch = subscribe.recover_since->epoch;
  }
  SubscribeTerms terms{.server_side = true,
                       .info = std::move(subscribe.info),
                       .data = std::move(subscribe.data),
                       .expire_at = subscribe.expire_at,
                       .overrides = subscribe.overrides};
  auto joined = co_await Join(std::move(request), std::move(terms));
  if (closed_) co_return {};
  if (!joined) co_return Fail(Errc::kInternal, "the broker or the presence store refused");
  QueuePush({.channel = subscribe.channel,
             .body = protocol::SubscribePush{.recoverable = joined->recoverable,
                                             .epoch = std::move(joined->epoch),
                                             .offset = joined->offset,
                                             .positioned = joined->positioned,
                                             .data = std::move(joined->data)}});
  // The push has no room for what was missed: it follows as ordinary publications.
  for (protocol::PublicationPtr& publication : joined->publications) {
    QueuePush({.channel = subscribe.channel, .body = std::move(publication)});
  }
  Announce(FindSubscription(subscribe.channel));
  co_return {};
}

void Session::ServerRefresh(const control::Refresh& refresh) {
  if (!connected_ || closed_) return;
  if (refresh.expired || (refresh.expire_at != 0 && refresh.expire_at <= WallSeconds())) {
    return Disconnect(protocol::kDisconnectExpired);
  }
  if (!identity_) identity_ = std::make_unique<Identity>();
  identity_->expire_at = refresh.expire_at;
  if (refresh.info) identity_->conn_info = *refresh.info;
  protocol::RefreshPush push;
  if (refresh.expire_at != 0) {
    push.expires = true;
    push.ttl = TtlUntil(refresh.expire_at);
  }
  QueuePush({.channel = "", .body = push});
  Reschedule();
}

}  // namespace tidemill::session
