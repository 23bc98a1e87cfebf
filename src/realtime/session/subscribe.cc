// Subscribing and leaving: permission, presence, recovery, and the moment from which publications follow.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "realtime/broker/stream_settings.h"
#include "realtime/session/session.h"
#include "realtime/session/subscribe_terms.h"

namespace tidemill::session {
namespace {

// SubscribeRequest.flag: answer an unrecoverable position with an error instead of recovered=false.
constexpr std::int64_t kFlagRejectUnrecovered = 2;

std::unexpected<Refusal> Refused(Refusal refusal) { return std::unexpected(refusal); }

// The options that hold for one subscription: the namespace's, what its token changes, what the client asks.
struct Effective {
  bool presence;
  bool join_leave;       // its own coming and going is published
  bool push_join_leave;  // it wants to hear of others'
  bool positioned;
  bool recoverable;
  broker::RecoveryMode mode;
};

Effective EffectiveOptions(const config::ChannelOptions& options, const auth::OptionOverrides& overrides,
                           const protocol::SubscribeRequest& request, bool may_presence, bool may_history) {
  const bool has_stream = broker::KeepsStream(options);
  const bool may_ask_recovery = options.allow_recovery || may_history;
  const bool may_ask_position = options.allow_positioning || may_history;
  Effective e{};
  e.presence = overrides.presence.value_or(options.presence);
  e.join_leave = overrides.join_leave.value_or(options.join_leave);
  e.push_join_leave = overrides.force_push_join_leave.value_or(options.force_push_join_leave) ||
                      (request.join_leave && may_presence);
  e.recoverable = has_stream && (overrides.force_recovery.value_or(options.force_recovery) ||
                                 (request.recoverable && may_ask_recovery));
  e.positioned =
      has_stream && (e.recoverable || overrides.force_positioning.value_or(options.force_positioning) ||
                     (request.positioned && may_ask_position));
  e.mode =
      options.force_recovery_mode == "cache" ? broker::RecoveryMode::kCache : broker::RecoveryMode::kStream;
  return e;
}

protocol::SubscribeResult ResultOf(const Effective& effective, bool was_recovering,
                                   std::uint64_t asked_offset, broker::SubscribeOutcome outcome) {
  protocol::SubscribeResult result;
  result.positioned = effective.positioned;
  result.recoverable = effective.recoverable;
  if (effective.positioned) {
    result.epoch = outcome.top.epoch;
    // A client that recovers moves its offset on as it takes the publications.
    result.offset = outcome.recovered ? asked_offset : outcome.top.offset;
  }
  result.was_recovering = was_recovering;
  result.recovered = outcome.recovered;
  result.publications = std::move(outcome.publications);
  return result;
}

}  // namespace

Task<void> Session::Handle(std::uint32_t id, protocol::SubscribeRequest request) {
  const std::string channel = request.channel;
  auto terms = co_await Authorize(request);
  if (closed_) co_return;
  if (!terms) co_return Refuse(id, terms.error());
  auto result = co_await Join(std::move(request), *std::move(terms));
  if (closed_) co_return;
  if (!result) co_return Refuse(id, result.error());
  Reply(id, *std::move(result));
  Announce(FindSubscription(channel));
}

Task<Verdict<Session::SubscribeTerms>> Session::Authorize(protocol::SubscribeRequest request) {
  const std::shared_ptr<const SessionSettings> held = context_.settings;
  if (request.channel.empty()) co_return Refused(protocol::kDisconnectBadRequest);
  if (!request.delta.empty() && request.delta != "fossil") co_return Refused(protocol::kDisconnectBadRequest);
  if (request.channel.size() > held->rules->settings().max_length)
    co_return Refused(protocol::kErrorBadRequest);
  if (FindSubscription(request.channel)) co_return Refused(protocol::kErrorAlreadySubscribed);
  if (subscriptions_.size() >= held->client.channel_limit) co_return Refused(protocol::kErrorLimitExceeded);
  const auto channel = held->rules->Find(request.channel);
  if (!channel) co_return Refused(channel.error());
  if (request.type != 0) co_return Refused(protocol::kErrorPermissionDenied);
  if (request.has_filter) co_return Refused(protocol::kErrorBadRequest);

  if (request.token.empty()) {
    const bool allowed = channels::MaySubscribe(*channel, {.user = user_, .insecure = held->client.insecure});
    if (!allowed) co_return Refused(protocol::kErrorPermissionDenied);
    co_return SubscribeTerms{};
  }
  const std::shared_ptr<Tokens> tokens = context_.tokens;
  auto token = co_await tokens->for_subscribe().VerifySubscribe(request.token);
  if (!token) {
    log::Debug("session.subscribe_refused", {{"client", client_.ToString()}, {"why", token.error().detail}});
    if (token.error().code == Errc::kExpired) co_return Refused(protocol::kErrorTokenExpired);
    if (token.error().code == Errc::kUnauthenticated) co_return Refused(protocol::kErrorPermissionDenied);
    co_return Refused(protocol::kErrorInternal);  // the keys could not be had: the client tries again
  }
  if (!TokenIsFor(*token, request.channel)) co_return Refused(protocol::kDisconnectInvalidToken);
  const std::int64_t expire_at = held->client.insecure ? 0 : token->expire_at;
  if (expire_at != 0 && expire_at <= WallSeconds()) co_return Refused(protocol::kErrorExpired);
  co_return SubscribeTerms{.info = std::move(token->info),
                           .data = std::move(token->data),
                           .expire_at = expire_at,
                           .overrides = token->overrides};
}

bool Session::TokenIsFor(const auth::SubscribeToken& token, std::string_view channel) const {
  return token.channel == channel && token.user == user_ &&
         (token.client.empty() || token.client == client_.ToString());
}

Task<Verdict<protocol::SubscribeResult>> Session::Join(protocol::SubscribeRequest request,
                                                       SubscribeTerms terms) {
  const std::shared_ptr<const SessionSettings> held = context_.settings;
  const auto channel = held->rules->Find(request.channel);
  if (!channel) co_return Refused(channel.error());
  const channels::Asker asker{.user = user_, .subscribed = true, .insecure = held->client.insecure};
  const Effective effective =
      EffectiveOptions(*channel->options, terms.overrides, request,
                       channels::MayReadPresence(*channel, asker), channels::MayReadHistory(*channel, asker));

  ChannelSubscription& subscription = AddSubscription(request.channel);
  subscription.server_side = terms.server_side;
  if (!terms.info.empty()) subscription.own_info = std::make_unique<std::string>(std::move(terms.info));
  subscription.expire_at = terms.expire_at;
  subscription.presence = effective.presence;
  subscription.positioned = effective.positioned;
  const broker::ChannelName name(request.channel);
  if (effective.presence) {
    const auto added = co_await context_.presence.Add(name, InfoFor(subscription.chan_info()));
    if (closed_ || FindSubscription(request.channel) != &subscription)
      co_return Refused(protocol::kErrorInternal);
    if (!added) co_return FailJoin(request.channel, added.error());
  }
  const bool cache = effective.mode == broker::RecoveryMode::kCache;
  const bool recovering =
      effective.recoverable && (request.recover || (cache && channel->options->auto_cache_recover));
  broker::SubscribeOptions options{.mode = effective.mode,
                                   .recovery_limit = held->client.recovery_max_publication_limit};
  if (effective.positioned)
    options.stream = broker::StreamSettingsOf(*channel->options, held->rules->settings().history_meta_ttl);
  if (recovering) options.recover = broker::StreamPosition{request.offset, request.epoch};
  auto outcome = co_await context_.broker.Subscribe(name, std::move(options));
  // From here to Attach nothing may suspend: the next publication is for this session.
  if (closed_ || FindSubscription(request.channel) != &subscription) {
    if (outcome) context_.broker.Unsubscribe(name);
    co_return Refused(protocol::kErrorInternal);
  }
  if (!outcome) co_return FailJoin(request.channel, outcome.error());
  context_.hub.Attach(request.channel, {form_.encoding, form_.compressed, effective.push_join_leave}, outbox_,
                      subscription);
  subscription.pending_name.reset();
  subscription.join_leave = effective.join_leave;
  if (recovering) (outcome->recovered ? context_.metrics.recovered : context_.metrics.not_recovered).Add();
  if (recovering && !outcome->recovered && (request.flag & kFlagRejectUnrecovered) != 0) {
    EndSubscription(TakeSubscription(request.channel));
    co_return Refused(protocol::kErrorUnrecoverablePosition);
  }
  auto result = ResultOf(effective, recovering, request.offset, *std::move(outcome));
  result.data = std::move(terms.data);
  if (terms.expire_at != 0) {
    subscriptions_expire_ = true;
    // A server-side subscription is not refreshed by the client: nothing to tell it.
    if (!terms.server_side) {
      result.expires = true;
      result.ttl = TtlUntil(terms.expire_at);
    }
    Reschedule();
  }
  co_return result;
}

std::unexpected<Refusal> Session::FailJoin(std::string_view channel, const Error& error) {
  log::Debug("session.subscribe_failed", {{"client", client_.ToString()}, {"why", error.detail}});
  EndSubscription(TakeSubscription(channel));
  return Refused(broker::CodeOf(error, broker::Surface::kSubscription));
}

void Session::Announce(const ChannelSubscription* subscription) {
  if (!subscription || !subscription->join_leave) return;
  context_.announcer.Joined(broker::ChannelName(subscription->channel_name()),
                            InfoFor(subscription->chan_info()));
}

void Session::Handle(std::uint32_t id, const protocol::UnsubscribeRequest& request) {
  if (request.channel.empty()) return Disconnect(protocol::kDisconnectBadRequest);
  if (auto subscription = TakeSubscription(request.channel)) EndSubscription(std::move(subscription));
  Reply(id, protocol::UnsubscribeResult{});
}

ChannelSubscription* Session::FindSubscription(std::string_view channel) const {
  for (const auto& subscription : subscriptions_) {
    if (subscription->channel_name() == channel) return subscription.get();
  }
  return nullptr;
}

ChannelSubscription& Session::AddSubscription(std::string_view channel) {
  auto subscription = std::make_unique<ChannelSubscription>();
  subscription->session = this;
  subscription->pending_name = std::make_unique<std::string>(channel);
  if (subscriptions_.size() == subscriptions_.capacity()) subscriptions_.reserve(subscriptions_.size() + 1);
  subscriptions_.push_back(std::move(subscription));
  return *subscriptions_.back();
}

std::unique_ptr<ChannelSubscription> Session::TakeSubscription(std::string_view channel) {
  const auto found = std::ranges::find_if(
      subscriptions_, [&](const auto& subscription) { return subscription->channel_name() == channel; });
  if (found == subscriptions_.end()) return nullptr;
  auto taken = std::move(*found);
  subscriptions_.erase(found);
  return taken;
}

// Presence first, then the leave message, then nothing more of the channel arrives.
void Session::EndSubscription(std::unique_ptr<ChannelSubscription> subscription) {
  const broker::ChannelName name(subscription->channel_name());
  if (subscription->presence) context_.announcer.RemovePresence(name, client_.ToString());
  if (!subscription->attached()) return;
  if (subscription->join_leave) context_.announcer.Left(name, InfoFor(subscription->chan_info()));
  context_.hub.Detach(*subscription);
  context_.broker.Unsubscribe(name);
}

}  // namespace tidemill::session
