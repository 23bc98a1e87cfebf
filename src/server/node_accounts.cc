#include "server/node_accounts.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "accounts/links.h"
#include "accounts/methods.h"
#include "accounts/routes.h"
#include "accounts/secret_token.h"
#include "accounts/session_authenticator.h"
#include "accounts/token_ttl.h"
#include "base/log.h"
#include "net/sleep.h"
#include "server/shared.h"
#include "settings/settings.h"

namespace tidemill::server {
namespace {

constexpr Duration kOwnerLinkTtl = Hours(24);
constexpr Duration kRetryPause = Seconds(1);
constexpr Duration kCountEvery = Minutes(1);
constexpr int kSweepEvery = 60;  // counts

// Half of the cores may compute passwords, as they are busy with them for a quarter of a second each.
std::size_t PasswordThreads() { return std::clamp(std::thread::hardware_concurrency() / 2, 1u, 4u); }

std::vector<std::string> OwnOrigins(const accounts::AccountsSettings& settings) {
  if (settings.public_url.empty()) return {};
  return {settings.public_url};
}

access::Entry EntryOf(std::string token_id, WallTime now) {
  return {.kind = access::Kind::kToken,
          .subject = std::move(token_id),
          .expire_at = (now + accounts::kEndedTokenKept).ms / 1000};
}

}  // namespace

// What one loop has.
class NodeAccounts::OnLoop final : public accounts::EndingEvents {
 public:
  OnLoop(NodeAccounts& node, const Loop& loop, const std::string& postgres_schema)
      : node_(node),
        own_(loop),
        store_(accounts::MakeSqlStore(*loop.loop, *loop.database, {.postgres_schema = postgres_schema})),
        sessions_({.store = *store_, .metrics = node.metrics_, .clock = loop.loop->clock()},
                  node.settings_.session_idle_ttl),
        services_{.loop = *loop.loop,
                  .store = *store_,
                  .sessions = sessions_,
                  .hasher = *node.hasher_,
                  .throttles = node.throttles_,
                  .metrics = node.metrics_,
                  .settings = node.settings_,
                  .own_key = node.shared_.own_key,
                  .endings = *this,
                  .base_url = node.base_url_,
                  .own_origins = OwnOrigins(node.settings_)} {}

  net::Loop& loop() { return *own_.loop; }
  accounts::Store& store() { return *store_; }
  accounts::SessionCache& sessions() { return sessions_; }
  accounts::Services& services() { return services_; }

  // Once for each loop of the node; this one's before it returns.
  void OnUserChanged(const std::string& user) override {
    for (const auto& each : node_.loops_) {
      if (each.get() == this) {
        sessions_.Forget(user);
      } else {
        each->loop().Post([other = each.get(), user] { other->sessions_.Forget(user); });
      }
    }
  }

  // First what keeps it, so that no node forgets what was answered.
  Task<void> OnTokensEnded(std::vector<std::string> token_ids) override {
    const WallTime now = own_.loop->clock().WallNow();
    for (std::string& id : token_ids) {
      access::Entry entry = EntryOf(std::move(id), now);
      entry.decided_at = node_.shared_.access.DecidedAt(entry, now);
      Result<void> done = node_.shared_.access.MayAdd(entry, now);
      if (done && own_.access_store) done = co_await own_.access_store->Save({entry});
      if (done) done = co_await own_.directory->Apply({}, control::ChangeAccess{std::move(entry)});
      if (!done) log::Warn("accounts.token_not_revoked", {{"why", done.error().detail}});
    }
  }

 private:
  NodeAccounts& node_;
  const Loop own_;
  const std::unique_ptr<accounts::Store> store_;
  accounts::SessionCache sessions_;
  accounts::Services services_;
};

NodeAccounts::NodeAccounts(const settings::Settings& settings, Shared& shared)
    : shared_(shared),
      settings_(settings.accounts),
      console_mode_(settings.console_read_only ? accounts::ConsoleMode::kReadOnly
                                               : accounts::ConsoleMode::kUsual),
      serves_tls_(!settings.http_server.tls_cert_file.empty()),
      metrics_(shared.registry),
      throttles_(settings_) {}

NodeAccounts::~NodeAccounts() = default;

Result<std::unique_ptr<NodeAccounts>> NodeAccounts::Open(const std::vector<Loop>& loops,
                                                         const settings::Settings& settings, Shared& shared) {
  std::unique_ptr<NodeAccounts> node(new NodeAccounts(settings, shared));
  TM_TRY_ASSIGN(node->hasher_,
                accounts::PasswordHasher::Start({.threads = PasswordThreads()}, node->metrics_));
  for (const Loop& loop : loops) {
    node->loops_.push_back(std::make_unique<OnLoop>(*node, loop, settings.postgres.schema));
  }
  metrics::Registry& registry = shared.registry;
  registry.AddCallback("tidemill_accounts_users", "People who have an account", {},
                       [raw = node.get()] { return static_cast<double>(raw->users_.load()); });
  registry.AddCallback("tidemill_accounts_sessions", "Browsers that are logged in; counted once a minute", {},
                       [raw = node.get()] { return static_cast<double>(raw->sessions_.load()); });
  registry.AddCallback("tidemill_accounts_hashes_waiting", "Passwords that wait or are being computed", {},
                       [raw = node.get()] { return static_cast<double>(raw->hasher_->depth()); });
  registry.AddCallback(
      "tidemill_accounts_throttle_keys", "Accounts and addresses that are being counted", {},
      [raw = node.get()] {
        return static_cast<double>(raw->throttles_.by_account.size() + raw->throttles_.by_address.size());
      });
  return node;
}

void NodeAccounts::AddRoutes(std::size_t loop_index, http::Router& router) {
  accounts::AddRoutes(router, loops_[loop_index]->services());
}

std::vector<api::Method> NodeAccounts::MethodsFor(std::size_t loop_index) {
  return accounts::AccountsMethods(loops_[loop_index]->services());
}

std::unique_ptr<api::People> NodeAccounts::PeopleFor(std::size_t loop_index) {
  return accounts::MakeConsolePeople(loops_[loop_index]->services(), console_mode_);
}

std::shared_ptr<auth::Authenticator> NodeAccounts::AuthenticatorFor(std::size_t loop_index) {
  return accounts::MakeSessionAuthenticator(loops_[loop_index]->sessions(), metrics_, OwnOrigins(settings_));
}

void NodeAccounts::SetAddress(const net::ListenAddress& address) {
  if (!settings_.public_url.empty()) {
    base_url_ = settings_.public_url;
    return;
  }
  const bool any = address.tcp.ip == net::IpAddress{} || address.tcp.ip.ToString() == "0.0.0.0";
  const std::string host = any ? "127.0.0.1:" + std::to_string(address.tcp.port) : address.ToString();
  base_url_ = (serves_tls_ ? "https://" : "http://") + (address.unix_path.empty() ? host : "localhost");
}

void NodeAccounts::Start() { scope_->Spawn(Run()); }

Task<void> NodeAccounts::Run() {
  net::Loop& loop = loops_.front()->loop();
  for (;;) {
    Result<void> done = co_await TakeKey();
    if (done) done = co_await MakeOwnerLink();
    if (done) break;
    SetWhy(done.error().detail);
    log::Warn("accounts.start_delayed", {{"why", done.error().detail}});
    co_await net::Sleep(loop, kRetryPause);
  }
  SetWhy("");
  started_.store(true, std::memory_order_release);
  co_await KeepClean();
}

// What has ended lately is refused before the key is known, and with it any token is taken.
Task<Result<>> NodeAccounts::TakeKey() {
  OnLoop& first = *loops_.front();
  const WallTime now = first.loop().clock().WallNow();
  TM_CO_TRY_ASSIGN(std::vector<std::string> ended,
                   co_await first.store().RecentlyEnded(accounts::kEndedTokenKept));
  for (std::string& id : ended) {
    access::Entry entry = EntryOf(std::move(id), now);
    entry.decided_at = now.ms;
    TM_CO_TRY(shared_.access.Add(entry, now));
  }
  TM_CO_TRY_ASSIGN(std::string key, co_await first.store().TokenKey(accounts::MakeSecretToken()));
  shared_.own_key.Set(std::move(key));
  co_return {};
}

// Each start makes one of its own: what an earlier one has printed may be lost.
Task<Result<>> NodeAccounts::MakeOwnerLink() {
  accounts::Store& store = loops_.front()->store();
  TM_CO_TRY_ASSIGN(const bool has_owner, co_await store.HasOwner());
  if (has_owner) co_return {};
  const std::string token = accounts::MakeSecretToken();
  TM_CO_TRY(co_await store.AddOwnerLink(accounts::HashOfToken(token), kOwnerLinkTtl));
  const std::string link = accounts::PageLink(base_url_, "setup", token);
  // The one secret that a log has on purpose: it opens nothing once there is an owner.
  log::Info("accounts.owner_link_made", {{"link", link}, {"hours", kOwnerLinkTtl.ms / 3'600'000}});
  const std::lock_guard guard(mutex_);
  owner_link_ = link;
  co_return {};
}

Task<void> NodeAccounts::KeepClean() {
  OnLoop& first = *loops_.front();
  for (int round = 0;; round = (round + 1) % kSweepEvery) {
    if (const auto counts = co_await first.store().Count()) {
      users_ = counts->users;
      sessions_ = counts->sessions;
    }
    if (round == 0) {
      for (auto more = co_await first.store().Sweep(settings_.audit_retention); more && *more;) {
        more = co_await first.store().Sweep(settings_.audit_retention);
      }
    }
    co_await net::Sleep(first.loop(), kCountEvery);
  }
}

std::size_t NodeAccounts::changes(std::size_t loop_index) const {
  return loops_[loop_index]->services().scope.running();
}

void NodeAccounts::SetWhy(std::string why) {
  const std::lock_guard guard(mutex_);
  why_ = std::move(why);
}

std::string NodeAccounts::owner_link() const {
  const std::lock_guard guard(mutex_);
  return owner_link_;
}

std::optional<ServiceProblem> NodeAccounts::problem() const {
  const std::lock_guard guard(mutex_);
  if (why_.empty()) return std::nullopt;
  return ServiceProblem{.since = since_, .from_start = true, .status = "accounts not served", .why = why_};
}

// Tasks of the calls refer to the stores.
void NodeAccounts::EndTasks() {
  scope_.reset();
  loops_.clear();
}

}  // namespace tidemill::server
