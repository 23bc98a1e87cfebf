#include "server/serve.h"

#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/crash.h"
#include "base/log.h"
#include "cli/dev_keys.h"
#include "server/dev.h"
#include "server/node.h"
#include "server/notify.h"
#include "server/version.h"
#include "settings/cautions.h"
#include "settings/settings.h"
#include "settings/usable.h"

namespace tidemill::server {
namespace {

// For the tables of accounts to be made, before it is known whether they have an owner.
constexpr Duration kOwnerLinkWait = Seconds(3);

// What the settings are read from, again at each reload.
struct Given {
  config::Sources sources;
  settings::Settings base;  // what is in force where nothing is given
};

// The signals the main thread waits for; blocked in all threads.
sigset_t HandledSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGHUP, SIGINT, SIGTERM}) sigaddset(&signals, signal);
  return signals;
}

// As many descriptors as the system lets us have: each client is one.
void RaiseOpenFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
    log::Warn("server.open_file_limit_kept", {{"limit", limit.rlim_cur}});
}

bool SecondSignal(const sigset_t& signals) {
  const timespec none{};
  const int signal = sigtimedwait(&signals, nullptr, &none);
  return signal == SIGINT || signal == SIGTERM;
}

void Reload(Node& node, const Given& given, SelfView& self) {
  config::Origins origins;
  auto settings = settings::Load(given.sources, given.base, &origins);
  if (!settings) return log::Error("server.reload_refused", {{"why", settings.error().detail}});
  auto need_restart = node.Reload(*settings);
  if (!need_restart) return log::Error("server.reload_refused", {{"why", need_restart.error().detail}});
  for (const std::string& name : *need_restart)
    log::Warn("server.setting_needs_restart", {{"setting", name}});
  self.Set(*settings, given.sources, origins, *need_restart);
  log::Info("server.reloaded");
}

int RunUntilSignalled(Node& node, const Given& given, SelfView& self, const sigset_t& signals) {
  for (;;) {
    int signal = 0;
    sigwait(&signals, &signal);
    if (signal == SIGHUP) {
      Reload(node, given, self);
      continue;
    }
    NotifyServiceManager("STOPPING=1");
    bool aborted = false;
    node.Drain([&] {
      if (!aborted && SecondSignal(signals)) {
        aborted = true;
        log::Info("server.drain_aborted", {{"why", "a second signal"}});
      }
      return aborted;
    });
    return 0;
  }
}

// For the commands beside this server; removed when it ends.
std::vector<std::unique_ptr<cli::DevKeyFile>> WriteKeys(const settings::Settings& settings,
                                                        const std::vector<net::ListenAddress>& addresses) {
  const auto& api_keys = settings.http_api.keys;
  const std::string& token_key = settings.client.token.hmac_secret_key.value;
  const bool is_line = !token_key.contains('\n');  // a secret may be of any bytes
  const cli::DevKeys keys{.token_key = is_line ? token_key : "",
                          .api_key = api_keys.empty() ? "" : api_keys.front().value};
  std::vector<std::unique_ptr<cli::DevKeyFile>> files;
  for (const net::ListenAddress& address : addresses) {
    if (!address.unix_path.empty()) continue;
    auto file = cli::DevKeyFile::Write(address.tcp.port, keys);
    if (!file) {
      log::Info("server.dev_keys_not_written", {{"why", file.error().detail}});
    } else {
      files.push_back(*std::move(file));
    }
  }
  return files;
}

void PrintWelcome(const DevWelcome& welcome) {
  std::fputs(ToText(welcome).c_str(), stdout);
  std::fflush(stdout);
}

void WarnOfInsecureSettings(const settings::Settings& settings, const cli::ServeOptions& options) {
  for (const settings::Caution& caution : settings::FindCautions(settings, options.sources)) {
    log::Warn("server.caution", {{"setting", caution.setting}, {"why", caution.why}});
  }
  if (options.dev && settings::IsPublic(settings.http_server.listen)) {
    log::Warn(
        "server.caution",
        {{"setting", "http_server.listen"},
         {"why", "serve --dev gives tokens to everybody who reaches it, and listens on a public address"}});
  }
  if (settings.client.insecure) log::Warn("server.insecure", {{"setting", "client.insecure"}});
  if (settings.http_api.insecure) log::Warn("server.insecure", {{"setting", "http_api.insecure"}});
  if (settings.client.insecure_skip_token_signature_verify) {
    log::Warn("server.insecure", {{"setting", "client.insecure_skip_token_signature_verify"}});
  }
}

}  // namespace

int Serve(const cli::ServeOptions& options) {
  const sigset_t signals = HandledSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  ReportCrashes();
  Given given{.sources = options.sources};
  if (options.dev) given.base = DevSettings(given.sources);
  config::Origins origins;
  auto settings = settings::Load(given.sources, given.base, &origins);
  if (settings && options.dev) {
    if (const auto made = MakeDevFolder(*settings); !made) settings = std::unexpected(made.error());
  }
  const Result<void> usable = settings ? settings::CheckUsable(*settings) : std::unexpected(settings.error());
  if (!usable) {
    std::fprintf(stderr, "%s\n", usable.error().detail.c_str());
    return 2;
  }
  log::Configure(settings::LogOptions(settings->log));
  const log::Background log_writer;
  RaiseOpenFileLimit();
  WarnOfInsecureSettings(*settings, options);
  const DevPage page(given.base, *settings);
  SelfView self;
  self.Set(*settings, given.sources, origins, {});
  Node::Options node_options{.developer = options.dev, .self = &self};
  if (options.dev) node_options.add_routes = [&page](http::Router& router) { page.AddRoutes(router); };
  auto node = Node::Start(*settings, node_options);
  if (!node) {
    log::WriteLastWords("tidemill could not start: " + node.error().detail + "\n");
    return 1;
  }
  // Before anybody is told that the server is there.
  std::vector<std::unique_ptr<cli::DevKeyFile>> key_files;
  if (options.dev) key_files = WriteKeys(*settings, (*node)->addresses());
  for (const net::ListenAddress& address : (*node)->addresses()) {
    log::Info("server.listening", {{"address", address.ToString()}, {"version", kVersion}});
  }
  for (const net::ListenAddress& address : (*node)->job_addresses()) {
    log::Info("jobs.listening", {{"address", address.ToString()}});
  }
  NotifyServiceManager("READY=1");
  if (options.dev) {
    DevWelcome welcome = page.Welcome((*node)->addresses(), (*node)->job_addresses());
    welcome.owner_link = (*node)->WaitForOwnerLink(kOwnerLinkWait);
    PrintWelcome(welcome);
  }
  return RunUntilSignalled(**node, given, self, signals);
}

}  // namespace tidemill::server
