// Who may do what in a channel, and which data it takes, by the options of its namespace.
//
// Pure functions. They answer for permissions only: that the feature itself is on (presence, history_size) is
// for the caller to check first. Each flag is for users; its _for_anonymous extends it to clients without one
// and grants nothing alone.
#pragma once

#include <string_view>

#include "realtime/channels/rules.h"
#include "realtime/channels/settings.h"

namespace tidemill::channels {

// The client that wants to do something in a channel.
struct Caller {
  std::string_view user = "";  // "": anonymous
  bool subscribed = false;     // to the channel in question
  bool insecure = false;       // client.insecure: everything that is not switched off is allowed
};

// Without a token. A '$' channel: nobody, not even with `insecure`. A personal channel: its user alone, where
// the channels of the namespace are open to users in any way. With allow_user_limited_channels, a '#'
// channel: the users it lists. Any other: allow_subscribe_for_client.
bool MaySubscribe(const Channel& channel, const Caller& caller);
bool MayPublish(const Channel& channel, const Caller& caller);
bool MayReadPresence(const Channel& channel, const Caller& caller);
bool MayReadHistory(const Channel& channel, const Caller& caller);

// Keys of a map channel.
bool MayPublishKeys(const Channel& channel, const Caller& caller);
bool MayRemoveKeys(const Channel& channel, const Caller& caller);

// publication_data_format. "" and json(_object): data must not be empty; json ones must be valid. binary:
// any.
bool DataAllowed(const ChannelOptions& options, std::string_view data);

}  // namespace tidemill::channels
