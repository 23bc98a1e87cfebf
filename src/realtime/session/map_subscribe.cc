#include "realtime/session/map_subscribe.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "net/next_turn.h"
#include "realtime/broker/map_publisher.h"
#include "realtime/protocol/reply_bytes.h"
#include "realtime/session/context.h"

namespace tidemill::session {
namespace {

using protocol::MapPhase;
using protocol::PublicationPtr;
using protocol::SubscribeRequest;
using protocol::SubscriptionType;

MapPhase PhaseOf(const SubscribeRequest& request) { return static_cast<MapPhase>(request.phase); }

std::int32_t TypeOf(const channels::ChannelOptions& options) {
  SubscriptionType type = SubscriptionType::kStream;
  if (options.subscription_type == "map") type = SubscriptionType::kMap;
  if (options.subscription_type == "map_clients") type = SubscriptionType::kMapClients;
  if (options.subscription_type == "map_users") type = SubscriptionType::kMapUsers;
  return static_cast<std::int32_t>(type);
}

protocol::SubscribeResult PageResult(MapPhase phase, protocol::StreamPosition position) {
  protocol::SubscribeResult result;
  result.type = static_cast<std::int32_t>(SubscriptionType::kMap);
  result.phase = static_cast<std::int32_t>(phase);
  result.epoch = std::move(position.epoch);
  result.offset = position.offset;
  return result;
}

// Of what was read after `since`, which the top was beyond: whether the first of it is not there any more.
bool HasGap(std::uint64_t since, const std::vector<PublicationPtr>& read) {
  return read.empty() || read.front()->offset - since != 1;
}

// What removes a key has no tags, and tells its name to all.
std::unexpected<Refusal> RefuseServerFilter(const Client& client, std::string_view channel) {
  return client.Refuse(protocol::kErrorPermissionDenied,
                       {.channel = channel, .why = "server_tags_filter is not available in maps"});
}

}  // namespace

MapCatchUp* MapSubscribe::CatchUp(const SubscribeRequest& request) const {
  MapCatchUp* const found = subscriptions_.FindCatchUp(request.channel);
  return found && found->number == number_ ? found : nullptr;
}

Task<Verdict<Joined>> MapSubscribe::Run(SubscribeRequest request) {
  const std::shared_ptr<const SessionSettings> held = client_.context.settings;
  const auto channel = held->rules->FindForClient(request.channel);
  if (!channel) co_return client_.Refuse(channel.error(), {.channel = request.channel});
  if (request.type != TypeOf(*channel->options)) {
    co_return client_.Refuse(protocol::kErrorPermissionDenied,
                             {.channel = request.channel,
                              .why = "the channel is not of the type that is subscribed to",
                              .setting = "subscription_type"});
  }
  auto filter = FilterOf(*channel->options, request, client_.form.encoding);
  if (!filter) {
    co_return client_.Refuse(
        filter.error(),
        {.channel = request.channel, .why = filter.error().message, .setting = "allow_tags_filter"});
  }
  Options options{.map = broker::MapSettingsOf(*channel->options),
                  .paging = broker::MapPagingOf(*channel->options)};
  const bool begins = !subscriptions_.FindCatchUp(request.channel);
  TM_CO_TRY(co_await Admit(request, *channel, options));
  if (const auto held_epoch = HoldEpoch(request); !held_epoch) {
    subscriptions_.EndCatchUp(request.channel);
    co_return Refused(held_epoch.error());
  }
  // That of the first page holds for all.
  filter::FilterPtr& kept = CatchUp(request)->terms.filter;
  if (begins) kept = *std::move(filter);
  if (kept) {
    request.delta.clear();  // not together
    options.paging.keys_max = std::min(options.paging.keys_max, FilteredAtOnceMax(*kept));
  }
  options.deltas = GrantsDeltas(*channel->options, request);
  if (options.deltas) options.data_as = client_.DeltaDataAs();
  auto outcome = co_await RunPhase(request, options);
  if (!outcome && CatchUp(request)) subscriptions_.EndCatchUp(request.channel);
  co_return outcome;
}

Task<Verdict<void>> MapSubscribe::Admit(const SubscribeRequest& request, const channels::Channel& channel,
                                        const Options& options) {
  const bool begins = PhaseOf(request) == MapPhase::kState && request.cursor.empty();
  const MonotonicTime now = client_.context.loop.Now();
  if (const MapCatchUp* const catch_up = subscriptions_.FindCatchUp(request.channel)) {
    if (begins) co_return Refused(protocol::kErrorAlreadySubscribed);
    if (now - catch_up->began > options.paging.catch_up_timeout) {
      co_return client_.Refuse(protocol::kDisconnectSlow, {.channel = request.channel,
                                                           .why = "it takes too long to read the map",
                                                           .setting = "map.subscribe_catch_up_timeout"});
    }
    number_ = catch_up->number;
    co_return {};
  }
  const bool continues = PhaseOf(request) == MapPhase::kStream && !request.recover;
  if (!request.cursor.empty() || continues) {
    co_return client_.Refuse(protocol::kErrorPermissionDenied,
                             {.channel = request.channel, .why = "a page that no first page came before"});
  }
  co_return co_await BeginToRead(request, channel);
}

// It takes its place first: who ends it while permission is asked need not wait.
Task<Verdict<void>> MapSubscribe::BeginToRead(const SubscribeRequest& request,
                                              const channels::Channel& channel) {
  TM_CO_TRY_ASSIGN(MapCatchUp* const begun, subscriptions_.BeginCatchUp(request.channel));
  if (request.recover) begun->frozen.epoch = request.epoch;
  number_ = begun->number;
  Authority& authority = client_.context.authorities.For(channel.name.name_space);
  auto terms = co_await Awaited(client_, authority.Authorize({client_, channel, request}));
  MapCatchUp* const granted = CatchUp(request);
  if (!granted) co_return Refused(protocol::kErrorInternal);
  if (!terms) {
    subscriptions_.EndCatchUp(request.channel);
    co_return Refused(terms.error());
  }
  if (terms->server_filter) {
    subscriptions_.EndCatchUp(request.channel);
    co_return RefuseServerFilter(client_, request.channel);
  }
  granted->terms = *std::move(terms);
  granted->began = client_.context.loop.Now();  // whoever gave permission took its own time
  if (!granted->terms.epoch.empty()) granted->frozen.epoch = granted->terms.epoch;
  co_return {};
}

// Permission is for the map that was there when it was given: what has come in its place may be another's.
Verdict<void> MapSubscribe::HoldEpoch(SubscribeRequest& request) const {
  const std::string& frozen = CatchUp(request)->frozen.epoch;
  if (request.epoch.empty()) request.epoch = frozen;
  if (!frozen.empty() && request.epoch != frozen) return Refused(protocol::kErrorUnrecoverablePosition);
  return {};
}

Task<Verdict<Joined>> MapSubscribe::RunPhase(const SubscribeRequest& request, const Options& options) {
  switch (PhaseOf(request)) {
    case MapPhase::kState: return ReadState(request, options);
    case MapPhase::kStream: return ReadStream(request, options);
    case MapPhase::kLive: break;
    default:
      return [](Refusal why) -> Task<Verdict<Joined>> { co_return Refused(why); }(protocol::kErrorBadRequest);
  }
  if (!options.keeps_stream()) return GoLiveUnstreamed(request, options);
  return GoLive(request, {request.offset, request.epoch}, {});
}

broker::MapStateCall MapSubscribe::PageCall(const SubscribeRequest& request, const Options& options) const {
  broker::MapStateCall call{
      .channel = request.channel, .query = {}, .surface = broker::Surface::kSubscription};
  call.query.cursor = request.cursor;
  call.query.limit = options.paging.PageOf(request.limit);
  // What a page has beside keys and values is less than as much again.
  call.query.bytes_max = client_.settings().client.answer_max_size / 2;
  call.query.ascending = request.asc;
  if (!request.epoch.empty()) call.query.epoch = request.epoch;
  return call;
}

Task<Verdict<Joined>> MapSubscribe::ReadState(const SubscribeRequest& request, const Options& options) {
  auto page = co_await client_.context.maps.ReadState(PageCall(request, options));
  MapCatchUp* const catch_up = CatchUp(request);
  if (!catch_up) co_return Refused(protocol::kErrorInternal);
  if (!page) co_return Refused(page.error());
  const bool is_first = request.cursor.empty();
  if (is_first) catch_up->frozen = page->position;
  const std::uint64_t frozen = catch_up->frozen.offset;
  if (!is_first && options.keeps_stream()) {
    std::erase_if(page->entries, [frozen](const PublicationPtr& entry) { return entry->offset > frozen; });
  }
  KeepMatching(catch_up->terms.filter, page->entries);
  Result result = PageResult(MapPhase::kState, catch_up->frozen);
  result.data_as_text = options.deltas;
  result.cursor = std::move(page->cursor);
  result.state = std::move(page->entries);
  TM_CO_TRY(client_.MayAnswer(protocol::ReplyBytes(result.state, options.data_as)));
  if (!result.cursor.empty()) co_return Joined{.result = std::move(result)};
  if (!options.keeps_stream()) co_return co_await GoLiveUnstreamed(request, options);
  if (frozen + options.paging.PageOf(request.limit) < page->position.offset) {
    co_return Joined{.result = std::move(result)};
  }
  co_return co_await GoLive(request, catch_up->frozen, std::move(result));
}

Task<Verdict<std::uint64_t>> MapSubscribe::StreamTop(const SubscribeRequest& request) {
  if (const auto known = CatchUp(request)->stream_start) co_return *known;
  const auto read = co_await client_.context.maps.ReadStream(
      {.channel = request.channel, .query = {}, .surface = broker::Surface::kSubscription});
  MapCatchUp* const catch_up = CatchUp(request);
  if (!catch_up) co_return Refused(protocol::kErrorInternal);
  if (!read) co_return Refused(read.error());
  catch_up->stream_start = read->top.offset;
  co_return read->top.offset;
}

Task<Verdict<Joined>> MapSubscribe::ReadStream(const SubscribeRequest& request, const Options& options) {
  if (!options.keeps_stream()) co_return Refused(protocol::kErrorBadRequest);
  TM_CO_TRY_ASSIGN(const std::uint64_t start, co_await StreamTop(request));
  const protocol::StreamPosition since{request.offset, request.epoch};
  const std::uint32_t limit = options.paging.PageOf(request.limit);
  // The offset may be any number: nothing is added to it.
  const bool is_near = request.offset >= start || start - request.offset <= limit;
  if (is_near) co_return co_await GoLive(request, since, {});
  auto read = co_await client_.context.maps.ReadStream(
      {.channel = request.channel,
       .query = {.since = since, .limit = static_cast<std::int32_t>(limit)},
       .surface = broker::Surface::kSubscription});
  MapCatchUp* const catch_up = CatchUp(request);
  if (!catch_up) co_return Refused(protocol::kErrorInternal);
  if (!read) co_return Refused(read.error());
  catch_up->frozen.epoch = read->top.epoch;
  if (HasGap(request.offset, read->publications)) co_return Refused(protocol::kErrorUnrecoverablePosition);
  Result result = PageResult(MapPhase::kStream, {read->publications.back()->offset, read->top.epoch});
  KeepMatching(catch_up->terms.filter, read->publications);
  TM_CO_TRY(client_.MayAnswer(protocol::ReplyBytes(read->publications, options.data_as)));
  result.data_as_text = options.deltas;
  result.publications = std::move(read->publications);
  co_return Joined{.result = std::move(result)};
}

Task<Verdict<Joined>> MapSubscribe::GoLive(const SubscribeRequest& request, protocol::StreamPosition since,
                                           Result result) {
  // To the broker any epoch would do then.
  if (since.epoch.empty()) co_return Refused(protocol::kErrorUnrecoverablePosition);
  const protocol::DataAs data_as = result.data_as_text ? client_.DeltaDataAs() : protocol::DataAs::kPayload;
  const std::size_t bytes = protocol::ReplyBytes(result.state, data_as);
  TM_CO_TRY_ASSIGN(Joined joined, co_await Join(request, std::move(since), bytes));
  if (!joined.ended) joined.result.state = std::move(result.state);
  co_return joined;
}

Task<Verdict<Joined>> MapSubscribe::GoLiveUnstreamed(const SubscribeRequest& request,
                                                     const Options& options) {
  broker::MapStateCall call = PageCall(request, options);
  const filter::FilterPtr filter = CatchUp(request)->terms.filter;
  client_.outbox.Pause();
  paused_ = true;
  TM_CO_TRY_ASSIGN(Joined joined, co_await Join(request, std::nullopt, 0));
  if (joined.ended || PhaseOf(request) == MapPhase::kLive) co_return joined;
  const std::uint32_t number = subscriptions_.last_number();
  std::vector<PublicationPtr>& state = joined.result.state;
  do {
    if (client_.context.loop.ShareSpent()) co_await net::NextTurn(client_.context.loop);
    auto page = co_await client_.context.maps.ReadState(call);
    if (!subscriptions_.Holds(request.channel, number)) co_return Refused(protocol::kErrorInternal);
    if (!page) {
      subscriptions_.Leave(request.channel);
      co_return Refused(page.error());
    }
    KeepMatching(filter, page->entries);
    std::ranges::move(page->entries, std::back_inserter(state));
    joined.result.epoch = std::move(page->position.epoch);
    call.query.cursor = std::move(page->cursor);
    if (const auto fits = client_.MayAnswer(protocol::ReplyBytes(state)); !fits) {
      subscriptions_.Leave(request.channel);
      co_return std::unexpected(fits.error());
    }
  } while (!call.query.cursor.empty());
  co_return joined;
}

Task<Verdict<Joined>> MapSubscribe::Join(const SubscribeRequest& request,
                                         std::optional<protocol::StreamPosition> since,
                                         std::size_t answered_bytes) {
  SubscribeTerms terms = std::move(CatchUp(request)->terms);
  subscriptions_.EndCatchUp(request.channel);
  TM_CO_TRY(subscriptions_.Begin(request.channel));
  SubscribeRequest join = request;
  if (since) {
    join.offset = since->offset;
    join.epoch = std::move(since->epoch);
  }
  co_return co_await subscriptions_.Join(std::move(join), std::move(terms), answered_bytes);
}

}  // namespace tidemill::session
