#include "realtime/session/describe.h"

#include <algorithm>
#include <cstddef>
#include <string>

namespace tidemill::session {

control::ConnectionInfo Describe(const Client& client, const Subscriptions& subscriptions,
                                 const AppNames::App& app) {
  const bool json = client.form.encoding == protocol::Encoding::kJson;
  control::ConnectionInfo info{.client = client.id.ToString(),
                               .user = client.user,
                               .app_name = app.name,
                               .app_version = app.version,
                               .transport = std::string(NameOf(client.form.transport())),
                               .protocol = json ? "json" : "protobuf",
                               .connected_at = client.identity ? client.identity->connected_at : 0,
                               .queued_bytes = client.outbox.waiting_bytes(),
                               .subscriptions = subscriptions.size(),
                               .channels = subscriptions.Channels(control::kConnectionChannelsMax),
                               .token = client.token()};
  std::size_t bytes = 0;
  const auto too_long = std::ranges::find_if(info.channels, [&bytes](const std::string& channel) {
    return (bytes += channel.size()) > control::kConnectionChannelBytesMax;
  });
  info.channels.erase(too_long, info.channels.end());
  if (client.identity && client.identity->meta.size() <= control::kConnectionMetaBytesMax) {
    info.meta = client.identity->meta;
  }
  return info;
}

}  // namespace tidemill::session
