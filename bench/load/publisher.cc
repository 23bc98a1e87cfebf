#include "load/publisher.h"

#include "load/http_publisher.h"
#include "load/protocol.h"
#include "load/ws_publisher.h"

namespace load {

std::unique_ptr<Publisher> MakePublisher(const Options& options, Crowd& crowd) {
  if (options.callers > 0) return std::make_unique<HttpPublisher>(options, crowd, options.rooms);
  return std::make_unique<WsPublisher>(options, crowd);
}

std::size_t DeliveryBytes(const Options& options) {
  const Protocol protocol(options.target);
  if (options.count_frames || protocol.joins()) return 0;
  const auto data_bytes = static_cast<std::size_t>(options.payload_bytes);
  if (options.callers == 0) return protocol.FrameBytesOf(WsPublisher::MessageBytes(data_bytes));
  return protocol.DeliveryBytes(ChannelOf(0, options.rooms).size(), data_bytes);
}

}  // namespace load
