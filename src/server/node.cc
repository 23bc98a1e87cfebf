#include "server/node.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "metrics/process.h"
#include "server/chat_page.h"
#include "server/dash_page.h"
#include "server/drain.h"
#include "server/version.h"

namespace tidemill::server {
namespace {

// For the peers' half of the closing handshake, once all sessions were told, and for requests that change
// state.
constexpr Duration kCloseGrace = Seconds(2);

// For jobs under way to be acknowledged, and for the last flush.
constexpr Duration kJobsGrace = Seconds(5);
constexpr Duration kJobsEnd = Seconds(10);
// For the page that is being sent.
constexpr Duration kOutboxEnd = Seconds(3);
// For an endpoint that answers.
constexpr Duration kEventsEnd = Seconds(3);

std::size_t LoopCount(const settings::Settings& settings) {
  if (settings.loops > 0) return settings.loops;
  return std::max(1u, std::thread::hardware_concurrency());
}

net::ConnectionLimits ConnectionLimitsOf(const http::ServerSettings& http) {
  return {.connections_max = http.connection_limit,
          .connections_per_address_max = http.connection_limit_per_address,
          .proxies = ProxiesOf(http)};
}

void Pause(Duration duration) { usleep(static_cast<useconds_t>(duration.ms * 1000)); }

}  // namespace

Node::Node(settings::Settings settings)
    : settings_(std::move(settings)),
      node_id_(Uuid::Random().ToString()),
      shared_(ConnectionLimitsOf(settings_.http_server), settings_.http_server.buffers_bytes_max,
              settings_.access.entries_max) {}

// The whole server, bottom up.
Result<std::unique_ptr<Node>> Node::Start(settings::Settings settings, const Options& options) {
  std::unique_ptr<Node> node(new Node(std::move(settings)));
  TM_TRY_ASSIGN(node->loops_, Loops::Open(LoopCount(node->settings_)));
  TM_TRY(node->OpenBroker());
  TM_TRY(node->OpenDatabases());
  TM_TRY_ASSIGN(const LiveSettings live, MakeLiveSettings(node->settings_, node->node_id_));
  TM_TRY(node->MakeRealtime(live));
  TM_TRY(node->OpenQueries(options));
  TM_TRY(node->OpenJobs(options));
  node->OpenOutbox();
  TM_TRY(node->OpenAccounts());
  TM_TRY(node->OpenChat());
  TM_TRY(node->OpenEvents());
  node->OpenStatus();
  node->SetOccupancyEvents();
  node->MakeServers(live, options);
  node->AddMetrics();
  TM_TRY(node->OpenPorts(live));
  node->directories_->JoinCluster();
  node->access_->Start();
  if (node->events_) node->events_->Start();
  if (node->status_) node->status_->Start();
  if (node->accounts_) node->accounts_->SetAddress(node->addresses_.front());
  node->databases_->ApplySchemas(
      [jobs = node->jobs_.get(), outbox = node->outbox_.get(), accounts = node->accounts_.get()] {
        if (jobs) jobs->Start();
        if (outbox) outbox->Start();
        if (accounts) accounts->Start();
      });
  if (node->queries_) node->queries_->Start();
  node->loops_->Start();
  return node;
}

// Where channels, their history and presence live, and the bus to other nodes if there are any.
Result<void> Node::OpenBroker() {
  TM_TRY_ASSIGN(brokers_, Brokers::Open(loops_->All(), settings_, node_id_, shared_.registry));
  health_ = std::make_unique<Health>();
  health_->dependencies.push_back(
      {[this] { return brokers_->problem(); }, settings_.broker.redis.ready_grace});
  return {};
}

Result<void> Node::OpenDatabases() {
  TM_TRY_ASSIGN(databases_, Databases::Open(loops_->All(), settings_, shared_.registry));
  for (Health::Dependency& each : databases_->dependencies()) {
    health_->dependencies.push_back(std::move(each));
  }
  return {};
}

// On each loop the hub and what its sessions share; then the way from each loop to all sessions.
Result<void> Node::MakeRealtime(const LiveSettings& live) {
  std::vector<session::Context*> contexts;
  polls_ = std::make_unique<polls::PollLoops>(loops_->All(), settings_.shared_poll, shared_.registry);
  for (std::size_t i = 0; i < loops_->size(); ++i) {
    TM_TRY_ASSIGN(auto realtime, LoopRealtime::Make((*loops_)[i], brokers_->TakeShard(i), shared_, settings_,
                                                    live, *polls_, i, loops_->size()));
    contexts.push_back(&realtime->context());
    realtime_.push_back(std::move(realtime));
  }
  directories_ = std::make_unique<Directories>(contexts, *brokers_);
  rates_ = std::make_unique<NodeRates>(contexts, *brokers_, settings_, shared_);
  access_ = std::make_unique<NodeAccess>(contexts, *brokers_, *directories_, settings_, shared_);
  health_->dependencies.push_back({[this]() -> std::optional<ServiceProblem> {
    if (shared_.access.ready()) return std::nullopt;
    return ServiceProblem{
        .from_start = true, .status = "blocked users not read", .why = "access.storage has not answered yet"};
  }});
  return {};
}

// A folder of .sql files, served from the main database.
Result<void> Node::OpenQueries(const Options& options) {
  if (!settings_.queries.given()) return {};
  NodeQueries::Options open{
      .node_id = node_id_, .redis_metrics = brokers_->redis_metrics(), .developer = options.developer};
  for (const auto& realtime : realtime_) open.contexts.push_back(&realtime->context());
  TM_TRY_ASSIGN(queries_, NodeQueries::Open(open, *databases_, settings_, shared_.registry));
  if (queries_->live() != nullptr) occupancy_.Add(*queries_->live());
  health_->dependencies.push_back({[this] { return queries_->problem(); }, Milliseconds(-1)});
  return {};
}

// Background jobs, kept in the main database.
Result<void> Node::OpenJobs(const Options& options) {
  if (!settings_.jobs.enabled) return {};
  const NodeJobs::Options open{
      .node_id = node_id_, .developer = options.developer, .publisher = &realtime_[0]->publisher()};
  TM_TRY_ASSIGN(jobs_, NodeJobs::Open(loops_->All(), open, *databases_, settings_, shared_));
  health_->dependencies.push_back({[this] { return jobs_->problem(); }, Milliseconds(-1)});
  occupancy_.Add(jobs_->followers().occupancy());
  databases_->after_commit().enqueued = [loop = &(*loops_)[0], engine = &jobs_->engine()] {
    loop->Post([engine] { engine->LookIntoInbox(); });
  };
  return {};
}

// What transactions have published by SQL, kept in the main database.
void Node::OpenOutbox() {
  if (!settings_.outbox.enabled) return;
  const NodeOutbox::Options open{.node_id = node_id_, .publisher = realtime_[0]->publisher()};
  outbox_ = std::make_unique<NodeOutbox>(loops_->All(), open, *databases_, settings_, shared_);
  health_->dependencies.push_back(
      {[this] { return outbox_->problem(); }, settings_.postgres.pool.ready_grace});
  databases_->after_commit().published = [this] { outbox_->LookNow(); };
}

// Rooms and messages, kept in the main database, and the files that are attached to them.
Result<void> Node::OpenChat() {
  if (!settings_.chat.enabled) return {};
  NodeChat::Options open;
  TM_TRY_ASSIGN(open.files, NodeChat::OpenFiles(settings_));
  for (const auto& realtime : realtime_) open.contexts.push_back(&realtime->context());
  if (accounts_) open.browser_sessions = [this](std::size_t i) { return accounts_->AuthenticatorFor(i); };
  chat_ = std::make_unique<NodeChat>(std::move(open), *databases_, settings_, shared_.registry);
  occupancy_.Add(*chat_);
  return {};
}

// People who log in, kept in the main database.
Result<void> Node::OpenAccounts() {
  if (!settings_.accounts.enabled) return {};
  std::vector<NodeAccounts::Loop> loops;
  for (std::size_t i = 0; i < loops_->size(); ++i) {
    loops.push_back({.loop = &(*loops_)[i],
                     .database = databases_->main(i),
                     .directory = &directories_->ForLoop(i),
                     .access_store = access_->StoreOf(i)});
  }
  TM_TRY_ASSIGN(accounts_, NodeAccounts::Open(loops, settings_, shared_));
  health_->dependencies.push_back({[this] { return accounts_->problem(); }, Milliseconds(-1)});
  return {};
}

std::string Node::WaitForOwnerLink(Duration patience) const {
  if (!accounts_) return "";
  const MonotonicTime give_up = SystemClock().Now() + patience;
  while (!accounts_->started() && SystemClock().Now() < give_up) Pause(Milliseconds(5));
  return accounts_->owner_link();
}

// The operator's service, which is told what happens to channels and connections.
Result<void> Node::OpenEvents() {
  const events::EventsSettings& events = settings_.events;
  if (!events.given()) return {};
  NodeEvents::Options open{.node_id = node_id_};
  for (const auto& realtime : realtime_) open.contexts.push_back(&realtime->context());
  if (!events.queue.empty()) open.engine = &jobs_->engine();
  TM_TRY_ASSIGN(events_, NodeEvents::Open(open, *brokers_, settings_, shared_));
  occupancy_.Add(*events_);
  return {};
}

// When users were last active and online.
void Node::OpenStatus() {
  if (!settings_.user_status.enabled) return;
  std::vector<session::Context*> contexts;
  for (const auto& realtime : realtime_) contexts.push_back(&realtime->context());
  status_ = std::make_unique<NodeStatus>(contexts, *brokers_, settings_, shared_);
}

// Who wants to know which channels have subscribers.
void Node::SetOccupancyEvents() {
  if (occupancy_.empty()) return;
  for (const auto& realtime : realtime_) realtime->SetOccupancyEvents(occupancy_);
}

// On each loop the HTTP API and its routes.
void Node::MakeServers(const LiveSettings& live, const Options& options) {
  for (std::size_t i = 0; i < loops_->size(); ++i) {
    servers_.push_back(std::make_unique<LoopServer>(
        *realtime_[i], directories_->ForLoop(i),
        LoopServer::Parts{.access_store = access_->StoreOf(i),
                          .user_status = status_ ? &status_->StoreOf(i) : nullptr,
                          .jobs = jobs_.get(),
                          .outbox = outbox_.get(),
                          .accounts = accounts_.get(),
                          .self = options.self},
        shared_, *health_, settings_, live));
    if (queries_) {
      queries_->AddRoutes(i, servers_.back()->public_routes());
      AddDashPageRoutes(servers_.back()->public_routes(), settings_);
    }
    if (chat_) {
      chat_->AddRoutes(i, servers_.back()->public_routes());
      AddChatPageRoutes(servers_.back()->public_routes(), settings_);
    }
    if (accounts_) accounts_->AddRoutes(i, servers_.back()->public_routes());
    if (options.add_routes) options.add_routes(servers_.back()->public_routes());
  }
}

void Node::AddMetrics() {
  metrics::AddProcessMetrics(shared_.registry);
  shared_.registry.AddCallback("tidemill_build_info", "Always 1; the version is the label.",
                               {{"version", kVersion}}, [] { return 1.0; });
  shared_.registry.AddCallback("tidemill_log_lines_dropped_total",
                               "Lines of the log that were not written: the reader was slow or gone.", {},
                               [] { return static_cast<double>(log::DroppedLines()); });
  shared_.registry.AddCallback("tidemill_log_waiting_bytes", "Of the log, not yet taken by its reader.", {},
                               [] { return static_cast<double>(log::WaitingBytes()); });
  shared_.registry.AddCallback("tidemill_open_connections", "Accepted connections of any kind.", {},
                               [this] { return static_cast<double>(shared_.limiter->connections()); });
}

// On each loop: all share the addresses that the first one has bound.
Result<void> Node::OpenPorts(const LiveSettings& live) {
  TM_TRY_ASSIGN(std::vector<PortAddresses> ports, AddressesOf(settings_.http_server));
  for (const auto& server : servers_) TM_TRY(server->OpenPorts(ports));
  for (const PortAddresses& port : ports) {
    for (const Listening& listening : port.addresses) addresses_.push_back(listening.address);
  }
  return jobs_ ? jobs_->OpenPorts(live.tls) : Result<void>();
}

std::vector<net::ListenAddress> Node::job_addresses() const {
  return jobs_ ? jobs_->addresses() : std::vector<net::ListenAddress>();
}

Result<std::vector<std::string>> Node::Reload(const settings::Settings& settings) {
  TM_TRY(ReloadAll(Reloadables(), settings));
  settings_.shutdown_delay = settings.shutdown_delay;
  settings_.shutdown_timeout = settings.shutdown_timeout;
  std::vector<std::string> need_restart = settings::NeedRestart(settings_, settings);
  // Ports that serve TLS go on with the certificate they have: nobody is to be served in plain by mistake.
  const bool wants_tls = !settings.http_server.tls_cert_file.empty();
  if (serves_tls_ && !wants_tls) need_restart.emplace_back("http_server.tls.cert_pem");
  serves_tls_ = serves_tls_ || wants_tls;
  return need_restart;
}

std::vector<Reloadable> Node::Reloadables() {
  return {
      {.name = "log",
       .prepare = [](const settings::Settings& s) -> Result<Commit> {
         return [options = settings::LogOptions(s.log)] { log::Configure(options); };
       }},
      {.name = "connection limits",
       .prepare = [this](const settings::Settings& s) -> Result<Commit> {
         return
             [this, limits = ConnectionLimitsOf(s.http_server)] { shared_.limiter->ReplaceLimits(limits); };
       }},
      {.name = "broker",
       .prepare = [this](const settings::Settings& s) -> Result<Commit> {
         return [this, broker = s.broker] { brokers_->Replace(broker); };
       }},
      {.name = "loops", .prepare = [this](const settings::Settings& s) { return PrepareLoops(s); }},
  };
}

Result<Commit> Node::PrepareLoops(const settings::Settings& settings) {
  TM_TRY_ASSIGN(const LiveSettings live, MakeLiveSettings(settings, node_id_));
  std::vector<Commit> realtime;
  std::vector<Commit> servers;
  for (std::size_t i = 0; i < loops_->size(); ++i) {
    TM_TRY_ASSIGN(Commit commit, realtime_[i]->Prepare(live));
    realtime.push_back(std::move(commit));
    servers.push_back(servers_[i]->Prepare(live));
  }
  return [this, realtime = std::move(realtime), servers = std::move(servers), keys = settings.http_api.keys,
          tls = live.tls, jobs = std::make_shared<NodeJobs::Change>(NodeJobs::ChangeOf(settings.jobs))] {
    loops_->RunOnEach([&](std::size_t i) {
      if (jobs_ && i == 0) jobs_->TakeOver(std::move(*jobs), tls);
      realtime[i]();
      servers[i]();
      if (queries_) queries_->TakeOver(i, keys);
      if (chat_) chat_->TakeOver(i, keys);
    });
  };
}

void Node::Drain(const std::function<bool()>& should_abort) {
  const Clock& clock = SystemClock();
  const MonotonicTime begun = clock.Now();
  const Waiting waiting{.clock = clock, .pause = Pause, .should_abort = should_abort};
  const Duration timeout = settings_.shutdown_timeout;
  const SessionsToEnd sessions{
      .count = [this] { return CountSessions(); },
      .end =
          [this](std::size_t count) {
            const std::size_t per_loop = count / loops_->size() + 1;
            loops_->RunOnEach([&](std::size_t i) { realtime_[i]->EndSessions(per_loop); });
          }};
  RunInOrder({
      {"let balancers go elsewhere", [&] { Leave(waiting); }},
      {"say so on /health and /ready", [&] { health_->draining = true; }},
      {"stop accepting",
       [&] {
         loops_->RunOnEach([&](std::size_t i) {
           servers_[i]->Drain();
           if (jobs_ && i == 0) jobs_->Drain();
           if (queries_ && queries_->live() != nullptr && i == 0) queries_->live()->EndStreams();
         });
       }},
      {"end the sessions",
       [&] {
         log::Info("server.draining", {{"sessions", CountSessions()}, {"timeout_s", timeout.ms / 1000}});
         EndEvenly(waiting, timeout, sessions);
       }},
      {"wait for what is under way",
       [&] {
         WaitUntil(waiting, kCloseGrace,
                   [&] { return shared_.limiter->connections() == 0 && CountChanges() == 0; });
       }},
      {"tell the last events", [&] { EndEvents(waiting); }},
      {"end the outbox", [&] { EndOutbox(waiting); }},
      {"end the jobs", [&] { EndJobs(waiting, std::min(timeout, kJobsGrace)); }},
      // From now on nobody waits for this node.
      {"leave the cluster", [&] { directories_->LeaveCluster(); }},
  });
  log::Info("server.drained", {{"seconds", (clock.Now() - begun).ms / 1000}});
}

// Jobs that take longer go on in their workers, which acknowledge them to whoever owns the jobs then.
void Node::EndJobs(const Waiting& waiting, Duration grace) {
  if (!jobs_) return;
  WaitUntil(waiting, grace, [&] {
    std::size_t running = 0;
    loops_->RunOnEach([&](std::size_t i) {
      if (i == 0) running = jobs_->running();
    });
    return running == 0;
  });
  loops_->RunOnEach([&](std::size_t i) {
    if (i == 0) jobs_->End();
  });
  WaitUntil({.clock = waiting.clock, .pause = waiting.pause, .should_abort = [] { return false; }}, kJobsEnd,
            [&] { return jobs_->ended(); });
}

void Node::EndOutbox(const Waiting& waiting) {
  if (!outbox_) return;
  loops_->RunOnEach([&](std::size_t i) {
    if (i == 0) outbox_->End();
  });
  WaitUntil({.clock = waiting.clock, .pause = waiting.pause, .should_abort = [] { return false; }},
            kOutboxEnd, [&] { return outbox_->ended(); });
}

void Node::EndEvents(const Waiting& waiting) {
  if (!events_) return;
  loops_->RunOnEach([&](std::size_t i) {
    if (i == 0) events_->Drain();
  });
  WaitUntil(waiting, kEventsEnd, [&] {
    bool idle = false;
    loops_->RunOnEach([&](std::size_t i) {
      if (i == 0) idle = events_->idle();
    });
    return idle;
  });
  loops_->RunOnEach([&](std::size_t i) {
    if (i == 0) events_->End();
  });
}

// Serves on as before, but for /ready.
void Node::Leave(const Waiting& waiting) {
  if (settings_.shutdown_delay <= Duration{}) return;
  health_->leaving = true;
  log::Info("server.leaving", {{"delay_s", settings_.shutdown_delay.ms / 1000}});
  WaitUntil(waiting, settings_.shutdown_delay, [] { return false; });
}

std::size_t Node::CountSessions() {
  std::atomic<std::size_t> sessions{0};
  loops_->RunOnEach([&](std::size_t i) { sessions += realtime_[i]->sessions(); });
  return sessions;
}

std::size_t Node::CountChanges() {
  std::atomic<std::size_t> changes{0};
  loops_->RunOnEach([&](std::size_t i) {
    changes += servers_[i]->changes();
    if (queries_) changes += queries_->changes(i);
    if (chat_) changes += chat_->changes(i);
    if (accounts_) changes += accounts_->changes(i);
  });
  return changes;
}

Node::~Node() {
  if (loops_) {
    loops_->Stop();
    log::Info("server.stopped", {{"longest_turn_cpu_us", loops_->LongestTurnCpuMicros()}});
  }
  if (queries_) queries_->EndTasks();
  if (chat_) chat_->EndTasks();
  if (events_) events_->EndTasks();
  if (status_) status_->EndTasks();
  if (outbox_) outbox_->EndTasks();
  if (accounts_) accounts_->EndTasks();
  if (jobs_) jobs_->EndTasks();
  if (access_) access_->EndTasks();
  for (const auto& realtime : realtime_) realtime->EndTasks();
  if (databases_) databases_->EndTasks();
}

}  // namespace tidemill::server
