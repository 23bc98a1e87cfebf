#include "settings/cautions.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "config/key.h"
#include "config/schema.h"
#include "http/origin.h"
#include "net/address.h"
#include "settings/settings.h"

namespace tidemill::settings {
namespace {

constexpr std::size_t kHmacBytesMin = 32;  // of HS256; RFC 7518 section 3.2
constexpr std::size_t kApiKeyBytesMin = 16;
constexpr std::string_view kOpenSsl = "such as of `openssl rand -hex 32`";

class Finder {
 public:
  Finder(const Settings& settings, const config::Sources& sources) : settings_(settings), sources_(sources) {}

  std::vector<Caution> Run() && {
    CheckUser();
    CheckOrigins();
    CheckMetrics();
    CheckTokenKeys("client.token.", settings_.client.token);
    CheckTokenKeys("client.subscription_token.", settings_.client.subscription_token);
    CheckApiKeys();
    CheckCommandLine();
    CheckLimitBehindProxy();
    CheckAnonymousRole();
    CheckJobs();
    return std::move(found_);
  }

 private:
  void Add(std::string setting, std::string why) { found_.push_back({std::move(setting), std::move(why)}); }

  void CheckUser() {
    if (geteuid() != 0) return;
    Add("user",
        "the server runs as root, which it does not need; run it as a user of its own, with "
        "CAP_NET_BIND_SERVICE for ports below 1024");
  }

  // By a page that nobody can have meant, so that each way to write "all" is found.
  void CheckOrigins() {
    const auto& patterns = settings_.client.allowed_origins;
    for (const char* page : {"https://any-page.invalid", "http://any-page.invalid",
                             "https://any-page.invalid:8443", "http://any-page.invalid:8080"}) {
      if (patterns.empty() || !http::OriginAllowed(page, "", patterns)) continue;
      return Add("client.allowed_origins",
                 "pages of every origin may connect, with the visitor's cookies; list those that are yours");
    }
  }

  void CheckMetrics() {
    const http::ServerSettings& server = settings_.http_server;
    const bool apart = !server.internal_listen.empty();
    const auto& addresses = apart ? server.internal_listen : server.listen;
    if (!settings_.prometheus_enabled || !IsPublic(addresses)) return;
    Add("prometheus.enabled",
        fmt::format("/metrics is open to everybody who reaches {}; give http_server.internal_listen an "
                    "address that only yours reach, or set it to false",
                    apart ? "http_server.internal_listen" : "http_server.listen"));
  }

  void CheckTokenKeys(std::string_view prefix, const auth::TokenSettings& token) {
    for (const auto& [name, secret] :
         {std::pair("hmac_secret_key", &token.hmac_secret_key),
          std::pair("hmac_previous_secret_key", &token.hmac_previous_secret_key)}) {
      const std::size_t bytes = secret->value.size();
      if (bytes == 0 || bytes >= kHmacBytesMin) continue;
      Add(fmt::format("{}{}", prefix, name),
          fmt::format("has {} bytes and can be guessed offline; use at least {}, {}", bytes, kHmacBytesMin,
                      kOpenSsl));
    }
  }

  void CheckApiKeys() {
    for (const config::Secret& key : settings_.http_api.keys) {
      if (key.value.size() >= kApiKeyBytesMin) continue;
      return Add("http_api.key", fmt::format("has {} bytes and can be guessed; use at least {}, {}",
                                             key.value.size(), kApiKeyBytesMin, kOpenSsl));
    }
  }

  // Whoever may list processes reads them there.
  void CheckCommandLine() {
    for (const auto& [name, value] : sources_.flags) {
      const config::Key* const key = AllSections().Find(name);
      if (key == nullptr || !config::IsSecret(*key) || value.starts_with("file:")) continue;
      const bool is_address = config::TypeName(*key) == "list of addresses";
      if (is_address && config::MaskPassword(value) == value) continue;
      Add(name,
          "a secret in the command line, which every user of this machine can read; put it into the file, "
          "the environment, or a file of its own (\"file:/run/secrets/x\")");
    }
  }

  // Of a server that only this machine reaches, a proxy is all that connects.
  void CheckLimitBehindProxy() {
    const http::ServerSettings& server = settings_.http_server;
    if (server.connection_limit_per_address == 0 || !server.trusted_proxies.empty() ||
        IsPublic(server.listen)) {
      return;
    }
    Add("client.connection_limit_per_address",
        "all clients of a proxy in front have its address; name it in http_server.trusted_proxies");
  }

  void CheckJobs() {
    if (!settings_.jobs.enabled || !settings_.faktory.password.empty()) return;
    if (!IsPublic(settings_.faktory.listen)) return;
    Add("jobs.faktory.password",
        "everybody who reaches jobs.faktory.listen may push, take and delete jobs; give it a password");
  }

  // Policies do not hold for who owns the tables.
  void CheckAnonymousRole() {
    if (!settings_.queries.given() || !settings_.postgres.given()) return;
    if (!settings_.queries.anonymous_role.empty()) return;
    Add("queries.postgres.anonymous_role",
        "callers whose token names no role run as the role that we connect as; name one with few rights");
  }

  const Settings& settings_;
  const config::Sources& sources_;
  std::vector<Caution> found_;
};

}  // namespace

std::vector<Caution> FindCautions(const Settings& settings, const config::Sources& sources) {
  return Finder(settings, sources).Run();
}

bool IsPublic(const std::vector<std::string>& addresses) {
  return std::ranges::any_of(addresses, [](const std::string& text) {
    const auto address = net::ListenAddress::Parse(text);
    return address && address->unix_path.empty() && !address->tcp.ip.IsLoopback();
  });
}

}  // namespace tidemill::settings
