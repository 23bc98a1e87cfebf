// What holds for one subscription: the options of its namespace, what its terms change, what the client asks.
//
// Pure functions over values.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>
#include <vector>

#include "auth/option_overrides.h"
#include "realtime/broker/broker.h"
#include "realtime/channels/settings.h"
#include "realtime/filter/filter.h"
#include "realtime/hub/channel_batch.h"
#include "realtime/protocol/codec.h"
#include "realtime/protocol/codes.h"
#include "realtime/protocol/messages.h"

namespace tidemill::session {

struct SubscriptionOptions {
  bool presence = false;
  bool join_leave = false;       // its own coming and going is published
  bool push_join_leave = false;  // it wants to hear of others'
  bool positioned = false;
  bool recoverable = false;
  bool recovers = false;  // it asks for what it missed since `since`
  bool is_map = false;    // where it has a stream, it follows that from a position or not at all
  bool is_poll = false;   // the client tracks keys
  bool own_key = false;   // the key that is the client's id goes when it leaves
  bool deltas = false;    // publications may be sent as deltas
  hub::BatchOptions batch{};
  bool conflated = false;  // a client that does not keep up gets the newest publication only
  broker::RecoveryMode mode = broker::RecoveryMode::kStream;
  friend bool operator==(const SubscriptionOptions&, const SubscriptionOptions&) = default;
};

// What the subscriber may read of the channel.
struct ReadRights {
  bool presence = false;
  bool history = false;
};

SubscriptionOptions OptionsFor(const channels::ChannelOptions& channel,
                               const auth::OptionOverrides& overrides,
                               const protocol::SubscribeRequest& request, ReadRights rights);

// Whether the client asks for deltas and gets them. Not together with a filter: what was filtered out, the
// next delta could be of.
bool GrantsDeltas(const channels::ChannelOptions& channel, const protocol::SubscribeRequest& request);

// The filter that the client asks for; null: none. kErrorBadRequest, with a text that says what is wrong: the
// channel does not allow filters, or it is malformed or over a limit.
std::expected<filter::FilterPtr, protocol::ErrorCode> FilterOf(const channels::ChannelOptions& channel,
                                                               const protocol::SubscribeRequest& request,
                                                               protocol::Encoding encoding);

// server_tags_filter of a token or of the backend, JSON; "": null. Fails with what is wrong with it.
std::expected<filter::FilterPtr, std::string_view> ServerFilterOf(std::string_view json);

// Drops the publications that the filter does not match; those that remove a key stay. Null: none.
void KeepMatching(const filter::FilterPtr& filter, std::vector<protocol::PublicationPtr>& publications);

// How many publications KeepMatching may be given at once: two milliseconds of work, whatever they are.
std::uint32_t FilteredAtOnceMax(const filter::Filter& filter);

// What the client is told of it.
protocol::SubscribeResult ResultOf(const SubscriptionOptions& options,
                                   const protocol::SubscribeRequest& request,
                                   broker::SubscribeOutcome outcome);

}  // namespace tidemill::session
