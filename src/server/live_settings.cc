#include "server/live_settings.h"

#include <unistd.h>

#include "chat/delivery/channels.h"
#include "net/networks.h"
#include "net/tls.h"
#include "queries/live/channels.h"
#include "realtime/proxies/routes.h"
#include "realtime/session/context.h"
#include "server/version.h"
#include "settings/settings.h"

namespace tidemill::server {
namespace {

std::string HostName() {
  char name[256] = {};
  gethostname(name, sizeof(name) - 1);
  return name;
}

// With the namespaces of live queries and of chat.
channels::ChannelSettings ChannelsOf(const settings::Settings& settings) {
  channels::ChannelSettings channel = settings.channel;
  if (settings.queries.given() && settings.queries_live.enabled) {
    channel.namespaces[settings.queries_live.name_space] = queries::live::LiveChannelOptions();
  }
  if (settings.chat.enabled) {
    channel.namespaces[std::string(chat::kNamespace)] = chat::ChatChannelOptions();
    channel.namespaces[std::string(chat::kLiveNamespace)] = chat::LiveRoomChannelOptions();
  }
  return channel;
}

}  // namespace

std::shared_ptr<const net::Networks> ProxiesOf(const http::ServerSettings& settings) {
  auto networks = net::Networks::Parse(settings.trusted_proxies);
  if (!networks || networks->empty()) return nullptr;
  return std::make_shared<const net::Networks>(*std::move(networks));
}

Result<LiveSettings> MakeLiveSettings(const settings::Settings& settings, const std::string& node_id) {
  auto session = std::make_shared<session::SessionSettings>();
  session->client = settings.client;
  session->websocket = settings.websocket;
  session->sse = settings.sse;
  session->http_stream = settings.http_stream;
  session->emulation = settings.emulation;
  session->uni_websocket = settings.uni_websocket;
  session->uni_sse = settings.uni_sse;
  session->uni_http_stream = settings.uni_http_stream;
  session->polls = settings.shared_poll;
  session->node_id = node_id;
  session->node_name = settings.node_name.empty() ? HostName() : settings.node_name;
  session->version = kVersion;
  TM_TRY_ASSIGN(session->rules,
                channels::Rules::Make(ChannelsOf(settings), settings.client.PersonalNamespace()));
  TM_TRY_ASSIGN(session->rates,
                session::ClientRates::Make(settings.client.connection_rate, settings.client.user_rate));
  const http::ServerSettings& http = settings.http_server;
  LiveSettings live{.session = std::move(session),
                    .backend = std::make_shared<const proxies::ProxiesSettings>(settings.proxies),
                    .api = settings.http_api,
                    .http = http,
                    .proxies = ProxiesOf(http)};
  if (!http.tls_cert_file.empty()) {
    TM_TRY_ASSIGN(live.tls, net::OpenServerTls(http.tls_cert_file, http.tls_key_file));
  }
  TM_TRY_ASSIGN(proxies::ProxiesTls backend_tls, proxies::OpenTls(settings.proxies));
  live.backend_tls = std::make_shared<const proxies::ProxiesTls>(std::move(backend_tls));
  return live;
}

}  // namespace tidemill::server
