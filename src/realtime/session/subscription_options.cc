#include "realtime/session/subscription_options.h"

#include <algorithm>
#include <utility>

#include "realtime/broker/stream_settings.h"

namespace tidemill::session {

bool GrantsDeltas(const channels::ChannelOptions& channel, const protocol::SubscribeRequest& request) {
  return request.delta == "fossil" && channel.allows_deltas() && channel.can_have_deltas() && !request.tf;
}

std::expected<filter::FilterPtr, protocol::ErrorCode> FilterOf(const channels::ChannelOptions& channel,
                                                               const protocol::SubscribeRequest& request,
                                                               protocol::Encoding encoding) {
  if (!request.tf) return nullptr;
  const std::uint32_t code = protocol::kErrorBadRequest.code;
  if (!channel.allow_tags_filter) {
    return std::unexpected(protocol::ErrorCode{code, "bad request: the channel does not allow tf"});
  }
  auto filter = filter::Filter::Parse(encoding, *request.tf);
  if (!filter) return std::unexpected(protocol::ErrorCode{code, filter.error()});
  return *std::move(filter);
}

std::expected<filter::FilterPtr, std::string_view> ServerFilterOf(std::string_view json) {
  if (json.empty()) return nullptr;
  return filter::Filter::Parse(protocol::Encoding::kJson, json);
}

void KeepMatching(const filter::FilterPtr& filter, std::vector<protocol::PublicationPtr>& publications) {
  if (!filter) return;
  std::erase_if(publications, [&](const protocol::PublicationPtr& publication) {
    return !publication->removed && !filter->Matches(publication->tags);
  });
}

std::uint32_t FilteredAtOnceMax(const filter::Filter& filter) {
  return static_cast<std::uint32_t>(std::max<std::size_t>(4 * filter::kWorkAtOnceMax / filter.work(), 1));
}

SubscriptionOptions OptionsFor(const channels::ChannelOptions& channel,
                               const auth::OptionOverrides& overrides,
                               const protocol::SubscribeRequest& request, ReadRights rights) {
  const bool has_stream = broker::KeepsStream(channel);
  const bool may_ask_recovery = channel.allow_recovery || rights.history;
  const bool may_ask_position = channel.allow_positioning || rights.history;
  const bool cache = channel.force_recovery_mode == "cache";
  SubscriptionOptions options;
  options.presence = overrides.presence.value_or(channel.presence);
  options.join_leave = overrides.join_leave.value_or(channel.join_leave);
  options.push_join_leave = overrides.force_push_join_leave.value_or(channel.force_push_join_leave) ||
                            (request.join_leave && rights.presence);
  options.deltas = GrantsDeltas(channel, request);
  options.batch = {
      .size = channel.batch_max_size, .delay = channel.batch_max_delay, .latest = channel.batch_flush_latest};
  options.conflated = channel.conflate_slow_clients;
  if (channel.is_map()) {
    options.is_map = true;
    options.own_key = channel.map.remove_client_on_unsubscribe;
    options.recoverable = options.positioned = options.recovers = channel.map.mode != "ephemeral";
    return options;
  }
  if (channel.is_poll()) {
    options.is_poll = true;
    return options;
  }
  options.recoverable = has_stream && (overrides.force_recovery.value_or(channel.force_recovery) ||
                                       (request.recoverable && may_ask_recovery));
  options.positioned =
      has_stream && (options.recoverable || overrides.force_positioning.value_or(channel.force_positioning) ||
                     (request.positioned && may_ask_position));
  options.recovers = options.recoverable &&
                     (request.recover || (cache && (channel.auto_cache_recover || overrides.cache_recover)));
  options.mode = cache ? broker::RecoveryMode::kCache : broker::RecoveryMode::kStream;
  return options;
}

namespace {

// A client takes what is in it and is at the top then.
protocol::SubscribeResult MapResultOf(const SubscriptionOptions& options, broker::SubscribeOutcome outcome,
                                      const protocol::SubscribeRequest& request) {
  protocol::SubscribeResult result;
  result.type = static_cast<std::int32_t>(protocol::SubscriptionType::kMap);
  result.recoverable = options.recoverable;
  result.epoch = std::move(outcome.top.epoch);
  result.offset = outcome.top.offset;
  result.was_recovering = result.recovered = request.recover;
  result.publications = std::move(outcome.publications);
  result.delta = result.data_as_text = options.deltas;
  return result;
}

}  // namespace

protocol::SubscribeResult ResultOf(const SubscriptionOptions& options,
                                   const protocol::SubscribeRequest& request,
                                   broker::SubscribeOutcome outcome) {
  if (options.is_map) return MapResultOf(options, std::move(outcome), request);
  protocol::SubscribeResult result;
  result.positioned = options.positioned;
  result.recoverable = options.recoverable;
  if (options.positioned) {
    result.epoch = outcome.top.epoch;
    // A client that recovers moves its offset on as it takes the publications.
    result.offset = outcome.recovered ? request.offset : outcome.top.offset;
  }
  result.was_recovering = options.recovers;
  result.recovered = outcome.recovered;
  result.publications = std::move(outcome.publications);
  result.delta = result.data_as_text = options.deltas;
  if (options.is_poll) result.type = static_cast<std::int32_t>(protocol::SubscriptionType::kSharedPoll);
  return result;
}

}  // namespace tidemill::session
