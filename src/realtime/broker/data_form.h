// What is known of a publication's data, and whether a channel takes them: one check for every way in.
#pragma once

#include <cstdint>
#include <string>

#include "realtime/channels/settings.h"

namespace tidemill::broker {

// What the caller knows of a publication's data.
enum class DataForm : std::uint8_t {
  kNone,   // there are none, which is refused
  kBytes,  // any
  kJson,   // none at all, or one valid JSON value: the caller has parsed it
};

// Whether the channel takes the data. May learn that they are JSON; what is known to be is not parsed again.
bool Fits(const channels::ChannelOptions& options, const std::string& data, DataForm& form);
// The same for a key of a map, of which the channels of presence (map_clients, map_users) need none.
bool FitsKey(const channels::ChannelOptions& options, const std::string& data, DataForm& form);

}  // namespace tidemill::broker
