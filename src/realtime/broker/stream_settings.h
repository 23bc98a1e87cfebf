// From a namespace's options to how the broker keeps the streams of its channels.
#pragma once

#include "realtime/broker/broker.h"
#include "realtime/channels/settings.h"

namespace tidemill::broker {

inline bool KeepsStream(const channels::ChannelOptions& options) {
  return options.history_size > 0 && options.history_ttl.ms > 0;
}

// `meta_ttl_default`: channel.history_meta_ttl, for namespaces that do not set their own.
inline StreamSettings StreamSettingsOf(const channels::ChannelOptions& options, Duration meta_ttl_default) {
  return {.size = options.history_size,
          .ttl = options.history_ttl,
          .meta_ttl = options.history_meta_ttl.ms > 0 ? options.history_meta_ttl : meta_ttl_default};
}

}  // namespace tidemill::broker
