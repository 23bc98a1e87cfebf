#include "realtime/session/commands.h"

#include <algorithm>
#include <concepts>
#include <memory>
#include <string>
#include <utility>

#include "net/next_turn.h"
#include "realtime/broker/data_form.h"
#include "realtime/broker/map_publisher.h"
#include "realtime/broker/publisher.h"
#include "realtime/broker/stream_settings.h"
#include "realtime/protocol/codec.h"
#include "realtime/protocol/reply_bytes.h"
#include "realtime/session/context.h"
#include "realtime/session/map_subscribe.h"
#include "realtime/session/refresh.h"
#include "realtime/session/track_keys.h"

namespace tidemill::session {
namespace {

// Counts an answer that takes several turns to make as one that its client has not read.
class UnreadAnswer {
 public:
  UnreadAnswer(metrics::Gauge& unread, std::size_t bytes)
      : unread_(unread), bytes_(static_cast<std::int64_t>(bytes)) {
    unread_.Add(bytes_);
  }
  UnreadAnswer(const UnreadAnswer&) = delete;
  UnreadAnswer& operator=(const UnreadAnswer&) = delete;
  ~UnreadAnswer() { unread_.Sub(bytes_); }

 private:
  metrics::Gauge& unread_;
  const std::int64_t bytes_;
};

// What the backend makes of a publication.
template <class Call>
void Apply(PublishTerms terms, Call& call) {
  if (terms.data) {
    call.data = *std::move(terms.data);
    call.form = terms.form;
  }
  call.tags = std::move(terms.tags);
  call.idempotency_key = std::move(terms.idempotency_key);
  call.version = terms.version;
  call.version_epoch = std::move(terms.version_epoch);
  call.delta = terms.delta;
  if constexpr (std::same_as<Call, broker::PublishCall>) call.skip_history = terms.skip_history;
}

}  // namespace

broker::DataForm Commands::FormOfData() const {
  const bool json = client_.form.encoding == protocol::Encoding::kJson;
  return json ? broker::DataForm::kJson : broker::DataForm::kBytes;
}

bool Commands::SetsExpiry(const decltype(protocol::Command::request)& request) {
  return std::holds_alternative<protocol::SubscribeRequest>(request) ||
         std::holds_alternative<protocol::RefreshRequest>(request) ||
         std::holds_alternative<protocol::SubRefreshRequest>(request);
}

Task<Verdict<ReplyBody>> Commands::Run(decltype(protocol::Command::request) request) {
  return std::visit([this](auto& chosen) { return Do(std::move(chosen)); }, request);
}

Verdict<channels::Channel> Commands::Find(std::string_view channel) const {
  if (channel.empty()) return Refused(protocol::kDisconnectBadRequest);
  const auto found = client_.settings().rules->FindForClient(channel);
  if (!found) return client_.Refuse(found.error(), {.channel = channel});
  return *found;
}

channels::Caller Commands::CallerIn(std::string_view channel) const {
  const ChannelSubscription* const subscription = subscriptions_.Find(channel);
  return {.user = client_.user,
          .subscribed = subscription != nullptr && subscription->attached(),
          .insecure = client_.settings().client.insecure};
}

Task<Verdict<ReplyBody>> Commands::Do(protocol::SubscribeRequest request) {
  const std::shared_ptr<const SessionSettings> held = client_.context.settings;
  const bool known_delta = request.delta.empty() || request.delta == "fossil";
  if (request.channel.empty() || !known_delta) co_return Refused(protocol::kDisconnectBadRequest);
  if (request.channel.size() > held->rules->settings().max_length)
    co_return client_.Refuse(protocol::kErrorBadRequest, {.channel = request.channel,
                                                          .why = "the channel's name is too long",
                                                          .setting = "channel.max_length"});
  const std::string name = request.channel;
  // The server may be about to subscribe the client too.
  co_await subscriptions_.UntilSettled(name);
  const bool of_map = request.type >= static_cast<std::int32_t>(protocol::SubscriptionType::kMap) &&
                      request.type <= static_cast<std::int32_t>(protocol::SubscriptionType::kMapUsers);
  if (!of_map) TM_CO_TRY(subscriptions_.Begin(name));
  auto joined =
      co_await (of_map ? SubscribeToMap(std::move(request)) : Subscribe(std::move(request), *held->rules));
  if (!joined) co_return std::unexpected(joined.error());
  if (joined->ended && joined->ended_by != 0) ended_ = Ended{name, joined->ended_by};
  // The hub writes at the turn's end: the client hears of its own join after the reply.
  if (!joined->ended) subscriptions_.Announce(name);
  co_return std::move(joined->result);
}

// What was begun comes to its end here.
Task<Verdict<Joined>> Commands::Subscribe(protocol::SubscribeRequest request, const channels::Rules& rules) {
  const auto channel = rules.FindForClient(request.channel);
  if (!channel) {
    client_.context.refusals.Note(client_, channel.error(), {.channel = request.channel});
    co_return subscriptions_.GiveUp(request.channel, channel.error());
  }
  const bool is_poll = request.type == static_cast<std::int32_t>(protocol::SubscriptionType::kSharedPoll);
  if (is_poll ? !channel->options->is_poll() : request.type != 0) {
    co_return subscriptions_.GiveUp(request.channel, protocol::kErrorPermissionDenied);
  }
  if (is_poll && !client_.context.polls) {
    co_return subscriptions_.GiveUp(request.channel, protocol::kErrorNotAvailable);
  }
  auto filter = FilterOf(*channel->options, request, client_.form.encoding);
  if (!filter) {
    client_.context.refusals.Note(
        client_, filter.error(),
        {.channel = request.channel, .why = filter.error().message, .setting = "allow_tags_filter"});
    co_return subscriptions_.GiveUp(request.channel, filter.error());
  }
  Authority& authority = client_.context.authorities.For(channel->name.name_space);
  auto terms = co_await Awaited(client_, authority.Authorize({client_, *channel, request}));
  if (!terms) co_return subscriptions_.GiveUp(request.channel, terms.error());
  terms->filter = *std::move(filter);
  co_return co_await subscriptions_.Join(std::move(request), *std::move(terms));
}

Task<Verdict<Joined>> Commands::SubscribeToMap(protocol::SubscribeRequest request) {
  MapSubscribe subscribe(client_, subscriptions_);
  auto joined = co_await subscribe.Run(std::move(request));
  paused_ = subscribe.paused();
  co_return joined;
}

Task<Verdict<ReplyBody>> Commands::Do(protocol::UnsubscribeRequest request) {
  if (request.channel.empty()) co_return Refused(protocol::kDisconnectBadRequest);
  subscriptions_.Leave(request.channel);
  co_return protocol::UnsubscribeResult{};
}

Task<Verdict<ReplyBody>> Commands::Do(protocol::PublishRequest request) {
  const std::shared_ptr<const SessionSettings> held = client_.context.settings;
  TM_CO_TRY_ASSIGN(const channels::Channel channel, Find(request.channel));
  if (request.type == static_cast<std::int32_t>(protocol::SubscriptionType::kMap)) {
    co_return co_await ChangeKey(std::move(request), channel);
  }
  if (request.type != 0) co_return Refused(protocol::kErrorNotAvailable);
  const bool asks = channel.options->publish_proxy_enabled && client_.context.backend;
  const bool may_publish = asks || channels::MayPublish(channel, CallerIn(request.channel));
  const ChannelSubscription* const subscription = subscriptions_.Find(request.channel);
  broker::Publisher& publisher = client_.context.publisher;
  // As it is when the client asks.
  broker::PublishCall call{.form = FormOfData(),
                           .info = client_.InfoWith(subscription ? subscription->chan_info() : ""),
                           .surface = broker::Surface::kClient};
  PublishTerms terms;
  if (asks) {
    if (!channel.options->is_stream() || !broker::Fits(*channel.options, request.data, call.form)) {
      co_return Refused(protocol::kErrorBadRequest);
    }
    TM_CO_TRY_ASSIGN(
        terms, co_await Awaited(client_, client_.context.backend->Publish({client_, channel, request})));
  }
  call.channel = std::move(request.channel);
  call.data = std::move(request.data);
  Apply(std::move(terms), call);
  auto admitted = publisher.Admit(channel, std::move(call));
  if (!admitted) co_return Refused(admitted.error());
  if (!may_publish) {
    co_return client_.Refuse(protocol::kErrorPermissionDenied,
                             {.channel = admitted->channel.value(),
                              .why = "the channel's options do not let this user publish",
                              .setting = "allow_publish_for_client, allow_publish_for_subscriber"});
  }
  const auto published = co_await publisher.Publish(*std::move(admitted));
  if (!published) co_return Refused(published.error());
  co_return protocol::PublishResult{};
}

Verdict<std::string> Commands::KeyFor(std::string key, const channels::Channel& channel) const {
  const std::string& setting = channel.options->map.client_key;
  if (setting == "client_id") return client_.id.ToString();
  if (setting.empty()) return key;
  if (!client_.user.empty()) return client_.user;
  return client_.Refuse(
      protocol::kErrorPermissionDenied,
      {.why = "the key is the user's id, and this client has no user", .setting = "map.client_key"});
}

Task<Verdict<ReplyBody>> Commands::ChangeKey(protocol::PublishRequest request,
                                             const channels::Channel& channel) {
  const channels::Caller caller = CallerIn(request.channel);
  const channels::MapOptions& options = channel.options->map;
  const bool asks = client_.context.backend &&
                    (request.removed ? options.remove_proxy_enabled : options.publish_proxy_enabled);
  const bool may =
      request.removed ? channels::MayRemoveKeys(channel, caller) : channels::MayPublishKeys(channel, caller);
  if (!asks && !may) {
    co_return client_.Refuse(
        protocol::kErrorPermissionDenied,
        {.channel = request.channel,
         .why = "the channel's options do not let this user change keys",
         .setting = request.removed ? "map.allow_remove_for_client, map.allow_remove_for_subscriber"
                                    : "map.allow_publish_for_client, map.allow_publish_for_subscriber"});
  }
  Asking asking = AskingFrom(request.channel);
  KeyTerms terms;
  if (asks) {
    broker::DataForm form = FormOfData();
    if (!request.removed && !broker::FitsKey(*channel.options, request.data, form)) {
      co_return client_.Refuse(protocol::kErrorBadRequest, {.channel = request.channel,
                                                            .why = "the data are not in the channel's format",
                                                            .setting = "publication_data_format"});
    }
    TM_CO_TRY_ASSIGN(
        terms, co_await Awaited(client_, client_.context.backend->ChangeKey({client_, channel, request})));
  }
  if (terms.key.empty()) {
    TM_CO_TRY_ASSIGN(terms.key, KeyFor(std::move(request.key), channel));
  }
  if (terms.key.empty()) co_return Refused(protocol::kErrorBadRequest);
  if (request.removed) {
    const auto removed =
        co_await client_.context.maps.Remove({.channel = std::move(request.channel),
                                              .key = std::move(terms.key),
                                              .idempotency_key = std::move(terms.publish.idempotency_key),
                                              .surface = broker::Surface::kClient});
    if (!removed) co_return Refused(removed.error());
    co_return protocol::PublishResult{};
  }
  co_return co_await PublishKey(std::move(request), std::move(terms), std::move(asking));
}

Commands::Asking Commands::AskingFrom(std::string_view channel) const {
  const ChannelSubscription* const subscription = subscriptions_.Find(channel);
  if (!subscription) return {};
  return {.number = subscription->number,
          .key_goes_with_it = subscription->own_key,
          .chan_info = std::string(subscription->chan_info())};
}

Task<Verdict<ReplyBody>> Commands::PublishKey(protocol::PublishRequest request, KeyTerms terms,
                                              Asking asking) {
  const std::string channel_name = request.channel;
  std::string key = terms.key;
  const bool goes_with_it = asking.key_goes_with_it && key == client_.id.ToString();
  const auto has_left = [&] { return goes_with_it && !subscriptions_.Holds(channel_name, asking.number); };
  if (has_left()) {
    co_return client_.Refuse(protocol::kErrorPermissionDenied,
                             {.channel = channel_name,
                              .why = "the client has left, and its key with it, while permission was asked",
                              .setting = "map.remove_client_on_unsubscribe"});
  }
  broker::MapPublishCall call{.channel = std::move(request.channel),
                              .key = std::move(terms.key),
                              .data = std::move(request.data),
                              .form = FormOfData(),
                              .info = client_.InfoWith(asking.chan_info),
                              .condition = terms.condition,
                              .surface = broker::Surface::kClient};
  Apply(std::move(terms.publish), call);
  const auto published = co_await client_.context.maps.Publish(std::move(call));
  if (!published) co_return Refused(published.error());
  // It has left meanwhile, and its key with it: that may have been before it was published.
  if (has_left() && !subscriptions_.Find(channel_name)) {
    client_.context.announcer.RemoveKey(channel_name, std::move(key));
  }
  co_return protocol::PublishResult{};
}

Verdict<void> Commands::MayReadPresence(std::string_view channel) const {
  TM_TRY_ASSIGN(const channels::Channel found, Find(channel));
  if (!found.options->presence) {
    return client_.Refuse(protocol::kErrorNotAvailable, {.channel = channel, .setting = "presence"});
  }
  if (!channels::MayReadPresence(found, CallerIn(channel))) {
    return client_.Refuse(protocol::kErrorPermissionDenied,
                          {.channel = channel,
                           .why = "the channel's options do not let this user read presence",
                           .setting = "allow_presence_for_client, allow_presence_for_subscriber"});
  }
  return {};
}

Task<Verdict<ReplyBody>> Commands::Do(protocol::PresenceRequest request) {
  TM_CO_TRY(MayReadPresence(request.channel));
  auto entries = co_await client_.context.publisher.Presence(
      {.channel = std::move(request.channel), .surface = broker::Surface::kClient});
  if (!entries) co_return Refused(entries.error());
  net::Loop& loop = client_.context.loop;
  const bool many = entries->size() > protocol::kPresenceEntriesAtOnce;
  if (many) co_await net::NextTurn(loop);
  const std::size_t bytes = protocol::ReplyBytes(*entries);
  TM_CO_TRY(client_.MayAnswer(bytes));
  const UnreadAnswer unread(client_.context.metrics.unread_answer_bytes, bytes);
  protocol::PresenceEncoder encoder(client_.form.encoding, bytes);
  for (protocol::ClientInfoPtr& info : *entries) {
    if (subscriptions_.closed()) break;  // nobody waits for the answer any more
    encoder.Append(*info);
    info.reset();
    if (loop.ShareSpent()) co_await net::NextTurn(loop);
  }
  if (many) co_await net::NextTurn(loop);  // the reply copies all of it
  co_return encoder.Finish();
}

Task<Verdict<ReplyBody>> Commands::Do(protocol::PresenceStatsRequest request) {
  TM_CO_TRY(MayReadPresence(request.channel));
  const auto stats = co_await client_.context.publisher.PresenceCounts(
      {.channel = std::move(request.channel), .surface = broker::Surface::kClient});
  if (!stats) co_return Refused(stats.error());
  co_return protocol::PresenceStatsResult{.num_clients = stats->clients, .num_users = stats->users};
}

Task<Verdict<ReplyBody>> Commands::Do(protocol::HistoryRequest request) {
  const std::shared_ptr<const SessionSettings> held = client_.context.settings;
  TM_CO_TRY_ASSIGN(const channels::Channel channel, Find(request.channel));
  if (!broker::KeepsStream(*channel.options)) {
    co_return client_.Refuse(protocol::kErrorNotAvailable,
                             {.channel = request.channel, .setting = "history_size, history_ttl"});
  }
  if (!channels::MayReadHistory(channel, CallerIn(request.channel))) {
    co_return client_.Refuse(protocol::kErrorPermissionDenied,
                             {.channel = request.channel,
                              .why = "the channel's options do not let this user read history",
                              .setting = "allow_history_for_client, allow_history_for_subscriber"});
  }
  if (request.reverse && request.since && request.since->offset == 0) {
    co_return Refused(protocol::kErrorBadRequest);
  }
  broker::HistoryQuery query{
      .since = std::move(request.since), .limit = request.limit, .reverse = request.reverse};
  const filter::FilterPtr may_see = subscriptions_.ServerFilter(request.channel);
  auto most = static_cast<std::int32_t>(
      std::min<std::uint32_t>(held->client.history_max_publication_limit, INT32_MAX));
  if (may_see) {
    const auto at_once =
        static_cast<std::int32_t>(std::min<std::uint32_t>(FilteredAtOnceMax(*may_see), INT32_MAX));
    most = most > 0 ? std::min(most, at_once) : at_once;
  }
  if (most > 0 && (query.limit < 0 || query.limit > most)) query.limit = most;
  auto history = co_await client_.context.publisher.History({.channel = std::move(request.channel),
                                                             .query = std::move(query),
                                                             .surface = broker::Surface::kClient});
  if (!history) co_return Refused(history.error());
  KeepMatching(may_see, history->publications);
  co_return protocol::HistoryResult{.publications = std::move(history->publications),
                                    .epoch = std::move(history->top.epoch),
                                    .offset = history->top.offset};
}

Task<Verdict<ReplyBody>> Commands::Do(protocol::RpcRequest request) {
  RpcHandler* handler = client_.context.RpcHandlerOf(request.method);
  if (!handler) {
    co_return client_.Refuse(protocol::kErrorNotAvailable, {.why = "nothing answers rpc of that namespace"});
  }
  TM_CO_TRY_ASSIGN(
      std::string data,
      co_await Awaited(client_, handler->Call(client_, std::move(request.method), std::move(request.data))));
  co_return protocol::RpcResult{std::move(data)};
}

Task<Verdict<ReplyBody>> Commands::Do(protocol::RefreshRequest request) {
  TM_CO_TRY_ASSIGN(auto result, co_await Refresh(client_, std::move(request.token)));
  co_return result;
}

Task<Verdict<ReplyBody>> Commands::Do(protocol::SubRefreshRequest request) {
  if (request.type != 0) {
    TM_CO_TRY_ASSIGN(auto tracked, TrackKeys(client_, subscriptions_, std::move(request)));
    co_return std::move(tracked);
  }
  const std::string channel = request.channel;
  TM_CO_TRY_ASSIGN(auto refreshed, co_await RefreshSubscription(client_, subscriptions_, std::move(request)));
  if (refreshed.sees_other) {
    // The client subscribes anew, with the token of its own, and recovers what it may see now.
    subscriptions_.Leave(channel);
    ended_ = Ended{channel, protocol::kUnsubscribeInsufficientState.code};
  }
  co_return std::move(refreshed.result);
}

}  // namespace tidemill::session
