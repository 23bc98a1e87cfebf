#include "realtime/session/track_keys.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "realtime/broker/map_broker.h"
#include "realtime/polls/signature.h"
#include "realtime/protocol/reply_bytes.h"
#include "realtime/session/context.h"

namespace tidemill::session {
namespace {

using polls::TrackItem;

constexpr protocol::ErrorCode kErrorTooManyKeys{
    protocol::kErrorLimitExceeded.code,
    "limit exceeded: shared_poll.max_keys_per_connection of the channel is reached"};
constexpr protocol::ErrorCode kErrorNodeTracksTooMany{
    protocol::kErrorLimitExceeded.code,
    "limit exceeded: the keys that this node's clients may track are used up"};

struct Batches {
  std::vector<TrackItem> items;    // each key once, as its last batch has it
  std::int64_t first_expires = 0;  // seconds since the Unix epoch; 0: none does
};

// Checks every signature, whatever becomes of its keys.
class BatchReader {
 public:
  BatchReader(const Client& client, const protocol::SubRefreshRequest& request, Duration extra_delay)
      : client_(client), request_(request), extra_delay_(extra_delay) {
    untracked_.insert(request.untrack.begin(), request.untrack.end());
  }

  Verdict<Batches> Read() {
    for (const protocol::TrackBatch& batch : request_.track) TM_TRY(ReadBatch(batch));
    if (indexes_.empty() && untracked_.empty()) return Refused(protocol::kErrorBadRequest);
    return std::move(batches_);
  }

 private:
  Verdict<void> ReadBatch(const protocol::TrackBatch& batch) {
    if (batch.items.empty()) return Refused(protocol::kErrorBadRequest);
    std::vector<std::string> keys;
    keys.reserve(batch.items.size());
    for (const protocol::KeyedItem& item : batch.items) {
      if (item.key.empty() || item.key.size() > broker::kMapKeyBytesMax)
        return Refused(protocol::kErrorBadRequest);
      keys.push_back(item.key);
    }
    TM_TRY_ASSIGN(const std::int64_t expires, Check(batch.signature, keys));
    if (expires != 0 && (batches_.first_expires == 0 || expires < batches_.first_expires)) {
      batches_.first_expires = expires;
    }
    const std::int64_t expire_at = expires == 0 ? 0 : expires + extra_delay_.ms / 1000;
    for (const protocol::KeyedItem& item : batch.items) {
      if (untracked_.contains(item.key)) continue;
      const auto [at, is_new] = indexes_.try_emplace(item.key, batches_.items.size());
      if (is_new) batches_.items.emplace_back();
      batches_.items[at->second] = {.key = item.key, .version = item.version, .expire_at = expire_at};
    }
    return {};
  }

  Verdict<std::int64_t> Check(std::string_view signature, const std::vector<std::string>& keys) const {
    const auto expires = polls::CheckSignature(
        client_.settings().polls, signature,
        {.user = client_.user, .channel = request_.channel, .keys = keys}, client_.WallSeconds());
    if (expires) return *expires;
    const bool expired = expires.error() == polls::SignatureFault::kExpired;
    return client_.Refuse(expired ? protocol::kErrorTokenExpired : protocol::kErrorPermissionDenied,
                          {.reason = expired ? RefusalReason::kExpired : RefusalReason::kToken,
                           .channel = request_.channel,
                           .why = expired ? "the signature of the keys has expired"
                                          : "the signature is not of these keys, this channel and this user",
                           .setting = "shared_poll.hmac_secret_key"});
  }

  const Client& client_;
  const protocol::SubRefreshRequest& request_;
  const Duration extra_delay_;
  std::unordered_set<std::string_view> untracked_;
  std::unordered_map<std::string_view, std::size_t> indexes_;
  Batches batches_;
};

std::unexpected<Refusal> RefusalOf(const Client& client, const std::string& channel,
                                   polls::TrackFault fault) {
  switch (fault) {
    case polls::TrackFault::kTooManyOfConnection:
      return client.Refuse(kErrorTooManyKeys,
                           {.channel = channel, .setting = "shared_poll.max_keys_per_connection"});
    case polls::TrackFault::kTooManyKeys:
      return client.Refuse(kErrorNodeTracksTooMany, {.channel = channel, .setting = "shared_poll.keys_max"});
    case polls::TrackFault::kTooManyTracked: break;
  }
  return client.Refuse(kErrorNodeTracksTooMany, {.channel = channel, .setting = "shared_poll.tracked_max"});
}

}  // namespace

KeyTracking::KeyTracking(Client& client, ChannelSubscription& subscription, const channels::PollOptions& poll,
                         polls::Tracking::Options options)
    : subscription_(subscription),
      deltas_(options.form.deltas != hub::Deltas::kNone),
      keys_(*client.context.polls, subscription.channel_name(), poll, client.outbox, options, *this) {}

void KeyTracking::OnRemoved(const protocol::PublicationPtr& removal) {
  subscription_.events.OnKeyRemoved(subscription_.channel_name(), removal);
}

void KeyTracking::OnInappropriateData() { subscription_.events.OnInappropriateData(); }

polls::Tracking& BeginTracking(Client& client, ChannelSubscription& subscription,
                               const SubscriptionOptions& options) {
  const auto channel = client.settings().rules->Find(subscription.channel_name());
  static const channels::PollOptions usual;
  const hub::Form form{.encoding = client.form.encoding,
                       .framing = client.form.framing,
                       .direction = client.form.direction,
                       .compressed = client.form.compressed,
                       .deltas = options.deltas ? hub::Deltas::kAwaited : hub::Deltas::kNone};
  subscription.Extra().tracking =
      std::make_unique<KeyTracking>(client, subscription, channel ? channel->options->poll : usual,
                                    polls::Tracking::Options{.form = form, .conflated = options.conflated});
  return subscription.extra->tracking->keys();
}

Verdict<protocol::SubRefreshResult> TrackKeys(Client& client, Subscriptions& subscriptions,
                                              protocol::SubRefreshRequest request) {
  if (request.channel.empty()) return Refused(protocol::kDisconnectBadRequest);
  const bool tracks = request.type == static_cast<std::int32_t>(protocol::SubRefreshType::kTrack);
  if (!tracks && request.type != static_cast<std::int32_t>(protocol::SubRefreshType::kUntrack)) {
    return Refused(protocol::kErrorBadRequest);
  }
  const ChannelSubscription* const subscription = subscriptions.Find(request.channel);
  const auto channel = client.settings().rules->Find(request.channel);
  if (!subscription || !subscription->attached() || !channel)
    return Refused(protocol::kErrorPermissionDenied);
  if (!subscription->extra || !subscription->extra->tracking) return Refused(protocol::kErrorNotAvailable);
  KeyTracking& tracking = *subscription->extra->tracking;
  const channels::PollOptions& poll = channel->options->poll;
  if (tracks == request.track.empty()) return Refused(protocol::kErrorBadRequest);
  TM_TRY_ASSIGN(const Batches batches, BatchReader(client, request, poll.track_expired_extra_delay).Read());
  protocol::SubRefreshResult result{.items = tracking.keys().Newer(batches.items),
                                    .data_as_text = tracking.deltas()};
  TM_TRY(client.MayAnswer(protocol::ReplyBytes(result)));
  const auto tracked = tracking.keys().Track(batches.items, request.untrack, poll.max_keys_per_connection);
  if (!tracked) return RefusalOf(client, request.channel, tracked.error());
  if (batches.first_expires != 0) {
    result.expires = true;
    result.ttl = client.TtlUntil(batches.first_expires);
  }
  return result;
}

}  // namespace tidemill::session
