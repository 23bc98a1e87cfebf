#include "queries/live/channels.h"

namespace tidemill::queries::live {

channels::ChannelOptions LiveChannelOptions() {
  channels::ChannelOptions options;
  options.subscription_type = "map";
  options.publication_data_format = "json";
  options.map.mode = "persistent";
  options.map.ordered = true;
  options.map.stream_size = 1'000;
  options.map.stream_ttl = Minutes(1);
  return options;
}

}  // namespace tidemill::queries::live
