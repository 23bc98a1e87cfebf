#include "server/dev.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "base/ascii.h"
#include "base/json.h"
#include "base/random.h"
#include "cli/dev_keys.h"
#include "http/assets.h"
#include "http/host.h"
#include "server/demo_assets.h"
#include "settings/settings.h"

namespace tidemill::server {
namespace {

constexpr char kChannel[] = "demo:chat";
const std::vector<std::string> kLocalPages = {"http://localhost:*",  "http://127.0.0.1:*",
                                              "http://[::1]:*",      "https://localhost:*",
                                              "https://127.0.0.1:*", "https://[::1]:*"};
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

// What becomes of jobs, for everybody: the latest state to those who come later, too.
channels::ChannelOptions JobChannels() {
  channels::ChannelOptions options;
  options.history_size = 1;
  options.history_ttl = Minutes(10);
  options.allow_recovery = true;
  options.force_recovery_mode = "cache";
  options.auto_cache_recover = true;
  options.allow_subscribe_for_client = true;
  options.allow_subscribe_for_anonymous = true;
  return options;
}

// Each visitor is a new guest.
class DemoConfigHandler final : public http::Handler {
 public:
  // `api_key`: "": visitors do not get it.
  DemoConfigHandler(std::string hmac_key, std::string api_path, std::string api_key, bool has_jobs)
      : hmac_key_(std::move(hmac_key)),
        api_path_(std::move(api_path)),
        api_key_(std::move(api_key)),
        has_jobs_(has_jobs) {}

  Task<http::Response> Handle(const http::Request&) override {
    const std::string user = "guest-" + RandomLetters(4);
    std::string body = "{\"user\":";
    AppendJsonString(user, body);
    body += ",\"token\":";
    AppendJsonString(cli::MakeDevToken(user, hmac_key_), body);
    body += ",\"channel\":";
    AppendJsonString(kChannel, body);
    body += has_jobs_ ? ",\"jobs\":true" : ",\"jobs\":false";
    if (!api_key_.empty()) {
      body += ",\"api_path\":";
      AppendJsonString(api_path_, body);
      body += ",\"api_key\":";
      AppendJsonString(api_key_, body);
    }
    body += "}";
    http::Response response = http::Response::Json(200, std::move(body));
    response.headers.emplace_back("Cache-Control", "no-store");
    co_return response;
  }

 private:
  const std::string hmac_key_;
  const std::string api_path_;
  const std::string api_key_;
  const bool has_jobs_;
};

constexpr char kQueriesFolder[] = "queries";
constexpr char kFolder[] = ".tidemill";
constexpr char kDatabaseFile[] = ".tidemill/tidemill.db";

bool IsFolder(const std::string& path) {
  struct stat about{};
  return stat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode);
}

// Whether only this machine can connect.
bool IsLocal(const http::ServerSettings& settings) {
  for (const auto* list : {&settings.listen, &settings.internal_listen}) {
    for (const std::string& text : *list) {
      const auto address = net::ListenAddress::Parse(text);
      if (address && address->unix_path.empty() && !address->tcp.ip.IsLoopback()) return false;
    }
  }
  return true;
}

std::string HostName() {
  char name[256] = {};
  gethostname(name, sizeof(name) - 1);
  return name;
}

// As a browser on this machine writes it.
std::string HostOf(net::ListenAddress address) {
  const bool any = address.tcp.ip == net::IpAddress{} || address.tcp.ip.ToString() == "0.0.0.0";
  return any ? "127.0.0.1:" + std::to_string(address.tcp.port) : address.ToString();
}

// As clients of Faktory take it. A password may be somebody's own: it is not printed.
std::string FaktoryUrl(const settings::Settings& settings, const net::ListenAddress& address) {
  const bool tls = !settings.http_server.tls_cert_file.empty() && !settings.faktory.plain_tcp;
  const std::string password = settings.faktory.password.empty() ? "" : ":PASSWORD@";
  return (tls ? "tcp+tls://" : "tcp://") + password + HostOf(address);
}

// The commands look there by themselves.
constexpr char kUsual[] = "http://127.0.0.1:8000";

std::string OptionsFor(const std::string& url) { return url == kUsual ? "" : " --url " + url; }

// Unreserved characters stay (RFC 3986 section 2.3).
std::string PercentEncoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool stays = IsLetter(c) || IsDigit(c) || std::string_view("-._~").contains(c);
    encoded += stays ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

// The page takes the key out of its address, which no browser sends to a server.
std::string ConsoleUrl(const settings::Settings& settings, const std::string& server,
                       const std::string& api_key) {
  if (!settings.console_enabled) return "";
  const bool needs_key = !settings.http_api.insecure && !api_key.empty();
  return server + "/console/" + (needs_key ? "#key=" + PercentEncoded(api_key) : "");
}

std::string AboutKeys(bool new_token_key, bool new_api_key) {
  if (new_token_key && new_api_key) {
    return "Keys are new at every start; `tidemill init` writes a configuration that keeps them.";
  }
  if (new_token_key) return "The API key is your configuration's; the key of tokens is new at every start.";
  if (new_api_key) return "The key of tokens is your configuration's; the API key is new at every start.";
  return "Keys are those of your configuration.";
}

std::string AboutPages(const std::vector<std::string>& origins) {
  if (origins == kLocalPages) return "Pages of localhost, on any port, may connect too.";
  if (origins.empty()) return "Pages of this address may connect; client.allowed_origins lists others.";
  return "Pages that client.allowed_origins lists may connect.";
}

// Whether the configuration has no channels of its own under chat's names.
bool HasRoomForChat(const config::Sources& sources, const settings::Settings& base) {
  const auto given = settings::Load(sources, base);
  return given && !given->channel.namespaces.contains("chat") &&
         !given->channel.namespaces.contains("chat_live");
}

}  // namespace

settings::Settings DevSettings(const config::Sources& sources) {
  settings::Settings settings;
  settings.http_server.listen = {"127.0.0.1:8000"};
  // Its page gives tokens to everybody who reads it, which a page elsewhere must not do under a name of its
  // own.
  settings.http_server.allowed_hosts = {"localhost", "*.localhost", "host.docker.internal", HostName(),
                                        HostName() + ".local"};
  std::erase_if(settings.http_server.allowed_hosts,
                [](const std::string& host) { return !http::IsHostPattern(host) || host.starts_with('.'); });
  settings.client.token.hmac_secret_key.value = RandomLetters(32);
  settings.http_api.keys = {config::Secret{RandomLetters(24)}};
  settings.channel.namespaces["demo"] = DemoChannels();
  for (const char* name : {"jobs", "queue", "batch"}) settings.channel.namespaces[name] = JobChannels();
  // Where something between browser and server lets no WebSocket through, the page connects all the same.
  settings.sse.enabled = settings.http_stream.enabled = true;
  settings.shutdown_timeout = Seconds(2);
  // With a configuration file it is that file's server, with the demo page on top.
  if (sources.file.empty()) settings.channel.without_namespace = DemoChannels();
  if (IsFolder(kQueriesFolder)) settings.queries.folder = kQueriesFolder;
  settings.jobs.enabled = true;
  settings.outbox.enabled = true;
  settings.accounts.enabled = true;
  settings.console_enabled = true;
  // Taken back below where a database is given, or nothing needs one.
  settings.sqlite.path = kDatabaseFile;
  settings.chat.enabled = HasRoomForChat(sources, settings);
  // Whoever opens a port to others gets the default: pages of that address only.
  const auto given = settings::Load(sources, settings);
  const bool needs_one = given && (given->queries.given() || given->jobs.enabled || given->outbox.enabled ||
                                   given->chat.enabled || given->accounts.enabled);
  if (!needs_one || given->postgres.given()) settings.sqlite.path.clear();
  if (given && IsLocal(given->http_server)) settings.client.allowed_origins = kLocalPages;
  return settings;
}

Result<void> MakeDevFolder(const settings::Settings& settings) {
  if (settings.sqlite.path != kDatabaseFile) return {};
  if (mkdir(kFolder, 0700) != 0) {
    if (errno == EEXIST) return {};
    return Fail(Errc::kUnavailable, fmt::format("{}: {}", kFolder, strerror(errno)));
  }
  std::ofstream(std::string(kFolder) + "/.gitignore") << "*\n";
  return {};
}

DevPage::DevPage(const settings::Settings& base, const settings::Settings& settings)
    : settings_(std::make_shared<const settings::Settings>(settings)),
      api_key_(settings.http_api.keys.empty() ? "" : settings.http_api.keys.front().value),
      of_keys_(AboutKeys(base.client.token.hmac_secret_key == settings.client.token.hmac_secret_key,
                         base.http_api.keys == settings.http_api.keys)) {}

void DevPage::AddRoutes(http::Router& router) const {
  http::AddFiles(router, "", DemoFiles(), kPolicy);
  // The page shows programs with the key, where it is this machine's and the API stands beside it.
  const bool shows_key = IsLocal(settings_->http_server) && settings_->http_server.internal_listen.empty();
  router.Add(http::Method::kGet, "/demo/config.json",
             std::make_shared<DemoConfigHandler>(settings_->client.token.hmac_secret_key.value,
                                                 settings_->http_api.handler_prefix,
                                                 shows_key ? api_key_ : "", settings_->jobs.enabled));
}

DevWelcome DevPage::Welcome(const std::vector<net::ListenAddress>& addresses,
                            const std::vector<net::ListenAddress>& job_addresses) const {
  const std::string end = settings_->http_server.tls_cert_file.empty() ? "://" : "s://";
  const bool internal = !settings_->http_server.internal_listen.empty();
  const std::string page = "http" + end + HostOf(addresses.front());
  const std::string operators = "http" + end + HostOf(internal ? addresses.back() : addresses.front());
  return {
      .page = page,
      .websocket = "ws" + end + HostOf(addresses.front()) + settings_->websocket.handler_prefix,
      .api = operators + settings_->http_api.handler_prefix,
      .token = cli::MakeDevToken("you", settings_->client.token.hmac_secret_key.value),
      .api_key = api_key_,
      .tail_options = OptionsFor(page),
      .publish_options = OptionsFor(operators),
      .channel = kChannel,
      .faktory = job_addresses.empty() ? "" : FaktoryUrl(*settings_, job_addresses.front()),
      .rest = settings_->queries.given() ? page + settings_->queries.prefix : "",
      .dashboards = settings_->queries.given() ? page + "/dash/" : "",
      .console = ConsoleUrl(*settings_, operators, api_key_),
      .chat = settings_->chat.enabled && settings_->accounts.enabled ? page + "/chat/" : "",
      .of_keys = of_keys_,
      .of_pages = AboutPages(settings_->client.allowed_origins),
  };
}

}  // namespace tidemill::server
