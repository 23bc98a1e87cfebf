#include "realtime/session/subscriptions.h"
#include "realtime/channels/permissions.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/log.h"
#include "realtime/broker/error_codes.h"
#include "realtime/broker/map_settings.h"
#include "realtime/broker/stream_settings.h"
#include "realtime/protocol/reply_bytes.h"
#include "realtime/session/context.h"
#include "realtime/session/recovered_deltas.h"
#include "realtime/session/track_keys.h"

namespace tidemill::session {
namespace {

// SubscribeRequest.flag: answer an unrecoverable position with an error instead of recovered=false.
constexpr std::int64_t kFlagRejectUnrecovered = 2;

broker::SubscribeOptions WhatToAsk(const SubscriptionOptions& options,
                                   const protocol::SubscribeRequest& request,
                                   const channels::Channel& channel, const SessionSettings& settings) {
  broker::SubscribeOptions asked{.mode = options.mode,
                                 .recovery_limit = settings.client.recovery_max_publication_limit};
  if (options.is_map) {
    const broker::MapSettings map = broker::MapSettingsOf(*channel.options);
    asked.stream = map.stream;
    asked.keys_expire = map.key_ttl.ms > 0;
    asked.recovery_limit = broker::MapPagingOf(*channel.options).live_publications_max;
  } else if (options.positioned) {
    asked.stream = broker::StreamSettingsOf(*channel.options, settings.rules->settings().history_meta_ttl);
  }
  if (options.recovers) asked.recover = broker::StreamPosition{request.offset, request.epoch};
  return asked;
}

bool MayTryAgain(const Refusal& refusal) {
  const auto* const error = std::get_if<protocol::ErrorCode>(&refusal);
  return error && error->temporary;
}

}  // namespace

Verdict<void> Subscriptions::MayBegin(std::string_view channel) const {
  if (closed_) return Refused(protocol::kErrorInternal);
  if (Find(channel) || FindCatchUp(channel)) return Refused(protocol::kErrorAlreadySubscribed);
  if (size() + (CatchUps() ? CatchUps()->size() : 0) >= client_.settings().client.channel_limit) {
    return client_.Refuse(protocol::kErrorLimitExceeded,
                          {.channel = channel, .setting = "client.channel_limit"});
  }
  return {};
}

Verdict<MapCatchUp*> Subscriptions::BeginCatchUp(std::string_view channel) {
  TM_TRY(MayBegin(channel));
  reads_maps_ = 1;
  MapCatchUp& begun = client_.context.catch_ups[&client_][std::string(channel)];
  begun.number = ++begun_;
  return &begun;
}

MapCatchUps* Subscriptions::CatchUps() const {
  return reads_maps_ ? &client_.context.catch_ups.at(&client_) : nullptr;
}

MapCatchUp* Subscriptions::FindCatchUp(std::string_view channel) const {
  MapCatchUps* const catch_ups = CatchUps();
  if (!catch_ups) return nullptr;
  const auto found = catch_ups->find(channel);
  return found == catch_ups->end() ? nullptr : &found->second;
}

bool Subscriptions::EndCatchUp(std::string_view channel) {
  if (!FindCatchUp(channel)) return false;
  MapCatchUps& catch_ups = *CatchUps();
  catch_ups.erase(catch_ups.find(channel));
  if (catch_ups.empty()) EndCatchUps();
  return true;
}

void Subscriptions::EndCatchUps() {
  if (reads_maps_) client_.context.catch_ups.erase(&client_);
  reads_maps_ = 0;
}

Verdict<void> Subscriptions::Begin(std::string_view channel) {
  TM_TRY(MayBegin(channel));
  table_.Add(std::make_unique<ChannelSubscription>(client_.events, channel)).number = ++begun_;
  return {};
}

Task<void> Subscriptions::UntilSettled(std::string channel) {
  while (true) {
    const ChannelSubscription* const subscription = Find(channel);
    if (!subscription || subscription->attached()) co_return;
    co_await client_.context.settling.Next(client_);
  }
}

Task<Verdict<Joined>> Subscriptions::Join(protocol::SubscribeRequest request, SubscribeTerms terms,
                                          std::size_t answered_bytes) {
  ChannelSubscription* const subscription = Find(request.channel);
  if (!subscription) co_return Refused(protocol::kErrorInternal);  // closed
  const std::string channel = request.channel;
  co_return Settle(channel, co_await JoinBegun(*subscription, request, terms, answered_bytes));
}

Verdict<Joined> Subscriptions::GiveUp(std::string_view channel, Refusal why) {
  return Settle(channel, Refused(why));
}

Verdict<Joined> Subscriptions::Settle(std::string_view channel, Verdict<protocol::SubscribeResult> outcome) {
  client_.context.settling.Wake(client_);
  const ChannelSubscription* const subscription = Find(channel);
  Joined joined;
  if (subscription && !subscription->attached()) {
    joined.ended = subscription->ended;
    joined.ended_by = subscription->ended_by;
    End(*table_.Take(channel));
  }
  if (joined.ended && (outcome || MayTryAgain(outcome.error()))) return joined;
  if (!outcome) return std::unexpected(outcome.error());
  joined.result = *std::move(outcome);
  return joined;
}

Task<Verdict<protocol::SubscribeResult>> Subscriptions::JoinBegun(ChannelSubscription& subscription,
                                                                  protocol::SubscribeRequest& request,
                                                                  SubscribeTerms& terms,
                                                                  std::size_t answered_bytes) {
  if (subscription.ended) co_return protocol::SubscribeResult{};
  const std::shared_ptr<const SessionSettings> held = client_.context.settings;
  const auto channel = held->rules->Find(request.channel);
  if (!channel) co_return Refused(channel.error());
  // It may have been while the client read a map.
  if (terms.token && client_.HasRevoked(*terms.token, request.channel)) {
    co_return client_.Refuse(protocol::kErrorPermissionDenied,
                             {.reason = RefusalReason::kRevoked,
                              .channel = request.channel,
                              .why = "the subscription token has been revoked"});
  }
  const channels::Caller caller{.user = client_.user, .subscribed = true, .insecure = held->client.insecure};
  if (channel->options->is_stream() != (request.type == 0)) {
    co_return client_.Refuse(protocol::kErrorPermissionDenied,
                             {.channel = request.channel,
                              .why = "a map is subscribed to by clients, as a map, and polled keys as such",
                              .setting = "subscription_type"});
  }
  if (terms.server_filter) request.delta.clear();  // what was filtered out, the next delta could be of
  const filter::FilterPtr filter = filter::Filter::Both(terms.server_filter, terms.filter);
  const SubscriptionOptions options = OptionsFor(*channel->options, terms.overrides, request,
                                                 {.presence = channels::MayReadPresence(*channel, caller),
                                                  .history = channels::MayReadHistory(*channel, caller)});

  subscription.server_side = terms.server_side;
  subscription.asks_backend = channel->options->sub_refresh_proxy_enabled && client_.context.backend;
  if (!terms.info.empty()) subscription.Extra().info = std::move(terms.info);
  if (terms.server_filter) subscription.Extra().server_filter = std::move(terms.server_filter);
  if (terms.token) KeepToken(subscription, *std::move(terms.token));
  subscription.presence = options.presence;
  // Of a map without a stream too: who may have missed a change reads it anew. Of polled keys: when what was
  // known of them is void.
  subscription.positioned = options.positioned || options.is_map || options.is_poll;
  broker::SubscribeOptions asked = WhatToAsk(options, request, *channel, *held);
  if (filter) asked.recovery_limit = std::min(asked.recovery_limit, FilteredAtOnceMax(*filter));
  TM_CO_TRY_ASSIGN(auto result,
                   co_await Follow(subscription, request, options, filter, std::move(asked), answered_bytes));
  result.data = std::move(terms.data);
  SetExpiry(subscription, terms.expire_at);
  // One that is not refreshed by the client: nothing to tell it.
  if (terms.expire_at != 0 && !terms.server_side && !subscription.asks_backend) {
    result.expires = true;
    result.ttl = client_.TtlUntil(terms.expire_at);
  }
  co_return result;
}

Task<Verdict<protocol::SubscribeResult>> Subscriptions::Follow(ChannelSubscription& subscription,
                                                               const protocol::SubscribeRequest& request,
                                                               const SubscriptionOptions& options,
                                                               const filter::FilterPtr& filter,
                                                               broker::SubscribeOptions asked,
                                                               std::size_t answered_bytes) {
  Context& context = client_.context;
  if (options.presence) TM_CO_TRY(co_await EnterPresence(subscription));
  const broker::ChannelName name(request.channel);
  auto outcome = co_await context.broker.Subscribe(name, std::move(asked));
  // From here to Attach nothing may suspend: the next publication is for this session.
  if (closed_ || subscription.ended) {
    if (outcome) context.broker.Unsubscribe(name);
    co_return Refused(protocol::kErrorInternal);
  }
  if (!outcome) co_return RefusalOf(outcome.error());
  KeepMatching(filter, outcome->publications);
  const auto data_as = options.deltas ? client_.DeltaDataAs() : protocol::DataAs::kPayload;
  if (const auto fits = FitIntoAnswer(*outcome, data_as, answered_bytes); !fits) {
    context.broker.Unsubscribe(name);
    co_return std::unexpected(fits.error());
  }
  const auto room = filter ? context.hub.RoomFor(request.channel, *filter) : hub::FilterRoom::kYes;
  if (room != hub::FilterRoom::kYes) {
    context.broker.Unsubscribe(name);
    const bool too_many = room == hub::FilterRoom::kTooMany;
    co_return client_.Refuse(
        too_many ? kErrorTooManyFilters : kErrorTooMuchFiltering,
        {.channel = request.channel, .setting = too_many ? "channel.tags_filters_max" : "allow_tags_filter"});
  }
  hub::Deltas deltas = hub::Deltas::kNone;
  if (options.deltas && !options.is_poll)
    deltas = options.is_map ? hub::Deltas::kFollowed : hub::Deltas::kAwaited;
  hub::AttachOptions attach{
      .has = nullptr, .filter = filter, .batch = options.batch, .conflated = options.conflated};
  if (deltas == hub::Deltas::kAwaited && !outcome->publications.empty()) {
    attach.has = outcome->publications.back();
  }
  context.hub.Attach(request.channel,
                     {.encoding = client_.form.encoding,
                      .framing = client_.form.framing,
                      .direction = client_.form.direction,
                      .compressed = client_.form.compressed,
                      .join_leave = options.push_join_leave,
                      .deltas = deltas},
                     client_.outbox, subscription, attach);
  subscription.pending_name.reset();
  subscription.join_leave = options.join_leave;
  subscription.own_key = options.own_key;
  if (options.recovers && (request.recover || !options.is_map)) {
    (outcome->recovered ? context.metrics.recovered : context.metrics.not_recovered).Add();
  }
  const bool must_recover = options.is_map || (request.flag & kFlagRejectUnrecovered) != 0;
  if (options.recovers && !outcome->recovered && must_recover) {
    Leave(request.channel);
    co_return Refused(protocol::kErrorUnrecoverablePosition);
  }
  protocol::SubscribeResult result = ResultOf(options, request, *std::move(outcome));
  if (options.is_poll) result.epoch = BeginTracking(client_, subscription, options).epoch();
  if (options.deltas) MakeDeltas(result, client_.form.encoding, context.fossil);
  co_return result;
}

Verdict<void> Subscriptions::FitIntoAnswer(broker::SubscribeOutcome& outcome, protocol::DataAs data,
                                           std::size_t answered_bytes) const {
  if (outcome.publications.empty()) return {};
  const auto fits = client_.MayAnswer(answered_bytes + protocol::ReplyBytes(outcome.publications, data));
  if (fits || fits.error() != Refusal(kErrorAnswerTooLarge)) return fits;
  log::Debug("session.recovery_too_large",
             {{"client", client_.id.ToString()}, {"setting", "client.answer_max_size"}});
  outcome.recovered = false;
  outcome.publications.clear();
  return {};
}

Task<Verdict<void>> Subscriptions::EnterPresence(ChannelSubscription& subscription) {
  const auto added = co_await client_.context.presence.Add(broker::ChannelName(subscription.channel_name()),
                                                           client_.InfoWith(subscription.chan_info()));
  if (closed_ || subscription.ended) co_return Refused(protocol::kErrorInternal);
  if (!added) co_return RefusalOf(added.error());
  co_return Verdict<void>();
}

filter::FilterPtr Subscriptions::ServerFilter(std::string_view channel) const {
  const ChannelSubscription* const found = Find(channel);
  return found && found->extra ? found->extra->server_filter : nullptr;
}

bool Subscriptions::Holds(std::string_view channel, std::uint32_t number) const {
  const ChannelSubscription* const found = Find(channel);
  return found && found->attached() && found->number == number;
}

std::unexpected<Refusal> Subscriptions::RefusalOf(const Error& error) const {
  log::Debug("session.subscribe_failed", {{"client", client_.id.ToString()}, {"why", error.detail}});
  return Refused(broker::CodeOf(error, broker::Surface::kSubscription));
}

void Subscriptions::Announce(std::string_view channel) {
  ChannelSubscription* const subscription = Find(channel);
  if (!subscription) return;
  EnterMirror(*subscription);
  Report(*subscription);
  if (!subscription->join_leave) return;
  subscription->announced = true;
  client_.context.announcer.Joined(broker::ChannelName(std::string(channel)),
                                   client_.InfoWith(subscription->chan_info()));
}

void Subscriptions::Report(ChannelSubscription& subscription) {
  Lifecycle& lifecycle = client_.context.lifecycle;
  if (lifecycle.empty() || !subscription.attached()) return;
  const auto channel = client_.settings().rules->Find(subscription.channel_name());
  if (!channel) return;
  const std::uint8_t told = lifecycle.OnJoined(client_, subscription.channel_name(), *channel->options);
  subscription.reported = told & 0xf;
}

void Subscriptions::EnterMirror(ChannelSubscription& subscription) {
  const channels::Rules& rules = *client_.settings().rules;
  const std::string& name = subscription.channel_name();
  const auto channel = rules.Find(name);
  if (!channel || !subscription.attached()) return;
  const channels::ChannelOptions& options = *channel->options;
  const auto map_of = [&](const std::string& prefix) {
    return prefix.empty() || !rules.Find(prefix + name) ? std::string() : prefix + name;
  };
  std::string clients = map_of(options.map_clients_presence_channel_prefix);
  std::string users = client_.user.empty() ? "" : map_of(options.map_users_presence_channel_prefix);
  PresenceMirror& mirror = client_.context.mirror;
  if (!clients.empty()) {
    mirror.Enter({clients, client_.id.ToString()}, client_.InfoWith(subscription.chan_info()));
    subscription.Extra().clients_map = std::move(clients);
  }
  if (!users.empty()) {
    mirror.Enter({users, client_.user}, std::nullopt);
    subscription.Extra().users_map = std::move(users);
  }
}

void Subscriptions::LeaveMirror(const SubscriptionExtra& extra) {
  Context& context = client_.context;
  const std::string client = client_.id.ToString();
  if (!extra.clients_map.empty() && context.mirror.Leave({extra.clients_map, client})) {
    context.announcer.RemoveKey(extra.clients_map, client);
  }
  if (!extra.users_map.empty()) context.mirror.Leave({extra.users_map, client_.user});
}

Left Subscriptions::Leave(std::string_view channel, std::uint32_t code) {
  if (EndCatchUp(channel)) return Left::kFollowed;
  ChannelSubscription* const subscription = Find(channel);
  if (!subscription || subscription->ended) return Left::kNothing;
  if (!subscription->attached()) {
    subscription->ended = true;
    subscription->ended_by = static_cast<std::uint16_t>(code);
    return Left::kUnderWay;
  }
  End(*table_.Take(channel));
  return Left::kFollowed;
}

void Subscriptions::Close() {
  closed_ = 1;
  EndCatchUps();
  while (const auto taken = table_.TakeOne()) End(*taken);
}

bool Subscriptions::CloseSome() {
  closed_ = 1;
  EndCatchUps();
  while (const auto taken = table_.TakeOne()) {
    End(*taken);
    if (size() > 0 && client_.context.loop.ShareSpent()) return false;
  }
  return true;
}

// Presence first, then the leave message, then nothing more of the channel arrives.
void Subscriptions::End(ChannelSubscription& subscription) {
  Context& context = client_.context;
  const broker::ChannelName name(subscription.channel_name());
  if (subscription.presence) context.announcer.RemovePresence(name, client_.id.ToString());
  if (!subscription.attached()) return;
  if (subscription.own_key) context.announcer.RemoveKey(name.value(), client_.id.ToString());
  if (subscription.extra) LeaveMirror(*subscription.extra);
  if (subscription.announced) context.announcer.Left(name, client_.InfoWith(subscription.chan_info()));
  if (subscription.reported != 0) {
    context.lifecycle.OnLeft(client_, name.value(), subscription.reported);
  }
  if (subscription.extra) subscription.extra->tracking.reset();
  context.hub.Detach(subscription);
  context.broker.Unsubscribe(name);
}

std::vector<std::string> Subscriptions::Channels(std::size_t count_max) const {
  std::vector<std::string> channels;
  channels.reserve(std::min(count_max, size()));
  for (const auto& subscription : table_.entries()) {
    if (channels.size() == count_max) break;
    channels.push_back(subscription->channel_name());
  }
  return channels;
}

std::vector<std::string> Subscriptions::CatchUpChannels() const {
  std::vector<std::string> channels;
  if (!CatchUps()) return channels;
  for (const auto& [channel, catch_up] : *CatchUps()) channels.push_back(channel);
  return channels;
}

void Subscriptions::KeepToken(ChannelSubscription& subscription, auth::TokenMark token) {
  subscription.by_token = true;
  if (token == subscription.token()) return;
  SubscriptionExtra& extra = subscription.Extra();
  extra.token = std::move(token);
  extra.token_link = client_.context.token_index.Add(extra.token.id, client_);
}

std::vector<std::string> Subscriptions::RevokedBy(const access::Entry& entry) const {
  std::vector<std::string> channels;
  const auto look_at = [&](const std::string& channel, const auth::TokenMark& token) {
    if (access::Revokes(entry, client_.user, token, channel)) channels.push_back(channel);
  };
  for (const auto& subscription : table_.entries()) {
    if (subscription->by_token) look_at(subscription->channel_name(), subscription->token());
  }
  if (!CatchUps()) return channels;
  for (const auto& [channel, catch_up] : *CatchUps()) {
    if (catch_up.terms.token) look_at(channel, *catch_up.terms.token);
  }
  return channels;
}

void Subscriptions::SetExpiry(ChannelSubscription& subscription, std::int64_t expire_at) {
  subscription.expire_at = expire_at;
  NoteExpiry(expire_at);
}

void Subscriptions::NoteExpiry(std::int64_t expire_at) {
  if (expire_at == 0) return;
  const auto bound = static_cast<std::uint32_t>(std::clamp<std::int64_t>(expire_at, 1, UINT32_MAX));
  if (earliest_expiry_ == 0 || bound < earliest_expiry_) earliest_expiry_ = bound;
}

std::vector<ChannelSubscription*> Subscriptions::ExpiredAt(WallTime time) {
  std::vector<ChannelSubscription*> expired;
  if (earliest_expiry_ == 0 || time.ms < std::int64_t{earliest_expiry_} * 1000) return expired;
  earliest_expiry_ = 0;
  for (const auto& subscription : table_.entries()) {
    if (subscription->expire_at != 0 && time.ms / 1000 >= subscription->expire_at) {
      expired.push_back(subscription.get());
    } else {
      NoteExpiry(subscription->expire_at);
    }
  }
  return expired;
}

}  // namespace tidemill::session
