// Publish, presence and history of clients.
#include <algorithm>
#include <utility>

#include "realtime/broker/stream_settings.h"
#include "realtime/session/session.h"

namespace tidemill::session {

Verdict<channels::Channel> Session::FindChannel(std::string_view channel) const {
  if (channel.empty()) return std::unexpected(Refusal(protocol::kDisconnectBadRequest));
  const auto found = settings().rules->Find(channel);
  if (!found) return std::unexpected(Refusal(found.error()));
  return *found;
}

channels::Asker Session::AskerOf(std::string_view channel) const {
  const ChannelSubscription* const subscription = FindSubscription(channel);
  return {.user = user_,
          .subscribed = subscription != nullptr && subscription->attached(),
          .insecure = settings().client.insecure};
}

Task<void> Session::Handle(std::uint32_t id, protocol::PublishRequest request) {
  const std::shared_ptr<const SessionSettings> held = context_.settings;
  const auto channel = FindChannel(request.channel);
  if (!channel) co_return Refuse(id, channel.error());
  if (request.type != 0) co_return ReplyError(id, protocol::kErrorNotAvailable);
  const ChannelSubscription* const subscription = FindSubscription(request.channel);
  const bool may_publish = channels::MayPublish(*channel, AskerOf(request.channel));
  const bool json = form_.encoding == protocol::Encoding::kJson;
  auto admitted =
      context_.publisher.Admit(*channel, {.channel = std::move(request.channel),
                                          .data = std::move(request.data),
                                          .form = json ? broker::DataForm::kJson : broker::DataForm::kBytes,
                                          .info = InfoFor(subscription ? subscription->chan_info() : ""),
                                          .surface = broker::Surface::kClient});
  if (!admitted) co_return ReplyError(id, admitted.error());
  if (!may_publish) co_return ReplyError(id, protocol::kErrorPermissionDenied);
  const auto published = co_await context_.publisher.Publish(*std::move(admitted));
  if (closed_) co_return;
  if (!published) co_return ReplyError(id, published.error());
  Reply(id, protocol::PublishResult{});
}

Task<void> Session::Handle(std::uint32_t id, protocol::PresenceRequest request) {
  if (const auto refused = MayAskPresence(request.channel); !refused) co_return Refuse(id, refused.error());
  auto entries = co_await context_.publisher.Presence(
      {.channel = std::move(request.channel), .surface = broker::Surface::kClient});
  if (closed_) co_return;
  if (!entries) co_return ReplyError(id, entries.error());
  protocol::PresenceResult result;
  result.presence.reserve(entries->size());
  for (broker::ClientInfo& info : *entries) {
    std::string client = info.client;
    result.presence.emplace_back(std::move(client), std::move(info));
  }
  Reply(id, std::move(result));
}

Task<void> Session::Handle(std::uint32_t id, protocol::PresenceStatsRequest request) {
  if (const auto refused = MayAskPresence(request.channel); !refused) co_return Refuse(id, refused.error());
  const auto stats = co_await context_.publisher.PresenceCounts(
      {.channel = std::move(request.channel), .surface = broker::Surface::kClient});
  if (closed_) co_return;
  if (!stats) co_return ReplyError(id, stats.error());
  Reply(id, protocol::PresenceStatsResult{.num_clients = stats->clients, .num_users = stats->users});
}

Verdict<void> Session::MayAskPresence(std::string_view name) const {
  const auto channel = FindChannel(name);
  if (!channel) return std::unexpected(channel.error());
  if (!channel->options->presence) return std::unexpected(Refusal(protocol::kErrorNotAvailable));
  if (!channels::MayReadPresence(*channel, AskerOf(name))) {
    return std::unexpected(Refusal(protocol::kErrorPermissionDenied));
  }
  return {};
}

Task<void> Session::Handle(std::uint32_t id, protocol::HistoryRequest request) {
  const std::shared_ptr<const SessionSettings> held = context_.settings;
  const auto channel = FindChannel(request.channel);
  if (!channel) co_return Refuse(id, channel.error());
  if (!broker::KeepsStream(*channel->options)) co_return ReplyError(id, protocol::kErrorNotAvailable);
  if (!channels::MayReadHistory(*channel, AskerOf(request.channel))) {
    co_return ReplyError(id, protocol::kErrorPermissionDenied);
  }
  if (request.reverse && request.since && request.since->offset == 0) {
    co_return ReplyError(id, protocol::kErrorBadRequest);
  }
  broker::HistoryQuery query{
      .since = std::move(request.since), .limit = request.limit, .reverse = request.reverse};
  const auto most = static_cast<std::int32_t>(
      std::min<std::uint32_t>(held->client.history_max_publication_limit, INT32_MAX));
  if (most > 0 && (query.limit < 0 || query.limit > most)) query.limit = most;
  auto history = co_await context_.publisher.History({.channel = std::move(request.channel),
                                                      .query = std::move(query),
                                                      .surface = broker::Surface::kClient});
  if (closed_) co_return;
  if (!history) co_return ReplyError(id, history.error());
  Reply(id, protocol::HistoryResult{.publications = std::move(history->publications),
                                    .epoch = std::move(history->top.epoch),
                                    .offset = history->top.offset});
}

}  // namespace tidemill::session
