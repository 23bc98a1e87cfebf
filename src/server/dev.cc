#include "server/dev.h"

#include <cstdio>
#include <utility>

#include "auth/token.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/random.h"
#include "http/assets.h"
#include "server/demo_assets.h"
#include "settings/settings.h"

namespace tidemill::server {
namespace {

constexpr char kChannel[] = "demo:chat";
constexpr std::int64_t kTokenSeconds = 24 * 3600;
// The page loads nothing from elsewhere and runs nothing inline.
constexpr char kPolicy[] =
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; frame-ancestors 'none'";

channels::ChannelOptions DemoChannels() {
  channels::ChannelOptions options;
  options.presence = true;
  options.join_leave = true;
  options.force_push_join_leave = true;
  options.history_size = 100;
  options.history_ttl = Hours(24);
  options.force_recovery = true;
  options.allow_subscribe_for_client = true;
  options.allow_publish_for_subscriber = true;
  options.allow_presence_for_subscriber = true;
  options.allow_history_for_subscriber = true;
  return options;
}

std::string MakeToken(std::string_view user, std::string_view hmac_key) {
  std::string claims = "{\"sub\":";
  AppendJsonString(user, claims);
  claims += ",\"exp\":" + std::to_string(SystemClock().WallNow().ms / 1000 + kTokenSeconds) + "}";
  return auth::SignHs256(claims, hmac_key);
}

// Each visitor is a new guest.
class DemoConfigHandler final : public http::Handler {
 public:
  explicit DemoConfigHandler(std::string hmac_key) : hmac_key_(std::move(hmac_key)) {}

  Task<http::Response> Handle(const http::Request&) override {
    const std::string user = "guest-" + RandomLetters(4);
    std::string body = "{\"user\":";
    AppendJsonString(user, body);
    body += ",\"token\":";
    AppendJsonString(MakeToken(user, hmac_key_), body);
    body += ",\"channel\":";
    AppendJsonString(kChannel, body);
    body += "}";
    http::Response response = http::Response::Json(200, std::move(body));
    response.headers.emplace_back("Cache-Control", "no-store");
    co_return response;
  }

 private:
  const std::string hmac_key_;
};

}  // namespace

settings::Settings DevSettings(const config::Sources& sources) {
  settings::Settings settings;
  settings.http_server.listen = {"127.0.0.1:8000"};
  settings.client.token.hmac_secret_key.value = RandomLetters(32);
  settings.http_api.keys = {config::Secret{RandomLetters(24)}};
  settings.channel.without_namespace = DemoChannels();
  settings.channel.namespaces["demo"] = DemoChannels();
  settings.shutdown_timeout = Seconds(2);
  // With a configuration file it is that file's server, with the demo page on top.
  if (!sources.file.empty()) settings.channel.without_namespace = {};
  return settings;
}

DevPage::DevPage(const settings::Settings& settings)
    : hmac_key_(settings.client.token.hmac_secret_key.value),
      api_key_(settings.http_api.keys.empty() ? "" : settings.http_api.keys.front().value) {}

void DevPage::AddRoutes(http::Router& router) const {
  for (const DemoAsset& asset : DemoAssets()) {
    router.Add(http::Method::kGet, std::string(asset.path),
               http::MakeAssetHandler({.content_type = std::string(asset.content_type),
                                       .body = std::string(asset.body),
                                       .content_security_policy = kPolicy}));
  }
  router.Add(http::Method::kGet, "/demo/config.json", std::make_shared<DemoConfigHandler>(hmac_key_));
}

void DevPage::PrintWelcome(const net::ListenAddress& address) const {
  const std::string host = address.ToString();
  const std::string token = MakeToken("you", hmac_key_);
  std::printf(
      "\n"
      "  Tidemill is running. Open the demo in two tabs:\n\n"
      "      http://%s/\n\n"
      "  A token for a client (user \"you\", one day):\n\n"
      "      %s\n\n"
      "  In the browser or Node (npm install centrifuge):\n\n"
      "      import { Centrifuge } from 'centrifuge';\n"
      "      const client = new Centrifuge('ws://%s/connection/websocket', { token: '…' });\n"
      "      const news = client.newSubscription('news');\n"
      "      news.on('publication', (ctx) => console.log(ctx.data));\n"
      "      news.subscribe(); client.connect();\n\n"
      "  In Python (pip install cent), from your backend:\n\n"
      "      from cent import Client, PublishRequest\n"
      "      api = Client('http://%s/api', '%s')\n"
      "      api.publish(PublishRequest(channel='news', data={'hello': 'tide'}))\n\n"
      "  With curl:\n\n"
      "      curl http://%s/api/publish -H 'X-API-Key: %s' \\\n"
      "           -d '{\"channel\": \"news\", \"data\": {\"hello\": \"tide\"}}'\n\n"
      "  Keys are new at every start; write a tidemill.toml to keep them (tidemill config default).\n"
      "  Ctrl-C stops.\n\n",
      host.c_str(), token.c_str(), host.c_str(), host.c_str(), api_key_.c_str(), host.c_str(),
      api_key_.c_str());
  std::fflush(stdout);
}

}  // namespace tidemill::server
