#include "queries/endpoint/queries.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "base/log.h"
#include "net/async.h"
#include "net/backoff.h"
#include "net/task_scope.h"
#include "net/timer_wheel.h"
#include "queries/catalog/describe.h"
#include "queries/endpoint/metrics.h"
#include "queries/endpoint/rest_routes.h"
#include "queries/endpoint/served_endpoint.h"
#include "queries/files/watch.h"
#include "queries/idempotency/idempotency.h"
#include "queries/idempotency/sweeper.h"
#include "queries/migrations/apply.h"
#include "queries/migrations/status.h"

namespace tidemill::queries {
namespace {

using FileSetPtr = std::shared_ptr<const files::FileSet>;

// How often it is looked whether the database has changed, while something says that it may have.
constexpr Duration kLookInterval = Seconds(1);
// At most so long apart, while requests are to blame for what says so.
constexpr Duration kLooksApartMax = Seconds(10);
constexpr std::size_t kBrokenLogged = 20;
constexpr std::size_t kNewLogged = 20;

// One loop's part.
struct OnLoop {
  OnLoop(const QueriesLoop& from, const QueriesOptions& options, QueriesMetrics& metrics, Cache& cache,
         Idempotency& idempotency)
      : services{.loop = *from.loop,
                 .database = *from.database,
                 .settings = options.settings,
                 .metrics = metrics,
                 .cache = &cache,
                 .idempotency = &idempotency,
                 .on_write = options.on_write,
                 .commits = options.commits,
                 .streams = from.streams,
                 .developer = options.developer,
                 .authenticator = from.authenticator} {
    services.unsettled.emplace(services.loop, cache.store().generations(),
                               [this](std::vector<std::string> names) {
                                 services.writes->Spawn(TellChanged(services, std::move(names)));
                               });
  }

  QueryServices services;
  const std::shared_ptr<RestRoutes> routes = std::make_shared<RestRoutes>();
};

// What work on the thread pool may touch, until it is closed.
struct Gate {
  std::mutex mutex;
  bool closed = false;
};

// What becomes of a catalog, on the thread pool.
struct Change {
  std::shared_ptr<Gate> gate;
  std::shared_ptr<const Catalog> catalog;
  std::shared_ptr<const Serving> before;
  ServingOptions serving_options;
  const QueriesOptions* options = nullptr;
  std::vector<OnLoop*> loops;

  std::shared_ptr<const Serving> serving;
  std::vector<std::unique_ptr<RouteTable>> tables;  // of each loop
  bool may_mend = false;                            // what is broken may be so because of the database
  std::vector<BrokenEndpoint> newly_broken;         // the first ones

  void Make() {
    const std::lock_guard lock(gate->mutex);
    if (gate->closed) return;
    serving = std::make_shared<const Serving>(MakeServing(catalog, serving_options, before.get()));
    for (OnLoop* const loop : loops) {
      tables.push_back(MakeRouteTable(loop->services, *serving, options->settings.prefix));
      if (options->add_documents) options->add_documents(serving->catalog, tables.back()->router);
    }
    LookAtBroken();
  }

  void LookAtBroken() {
    std::set<std::string_view> known;
    if (before) {
      for (const BrokenEndpoint& each : before->catalog->broken) known.insert(each.reason);
    }
    for (const BrokenEndpoint& each : serving->catalog->broken) {
      const files::File* const file = catalog->files->Find(each.path);
      may_mend = may_mend || (file != nullptr && catalog->files->IsSound(*file));
      if (known.insert(each.reason).second && newly_broken.size() < kBrokenLogged) {
        newly_broken.push_back(each);
      }
    }
  }
};

bool Same(const Catalog& a, const Catalog& b) {
  return a.files == b.files && a.endpoints == b.endpoints &&
         std::ranges::equal(a.broken, b.broken, {}, &BrokenEndpoint::reason, &BrokenEndpoint::reason);
}

class FolderQueries final : public Queries, private net::Timer {
 public:
  FolderQueries(const std::vector<QueriesLoop>& loops, QueriesOptions options, Caches& caches,
                metrics::Registry& registry)
      : options_(std::move(options)),
        file_metrics_(registry),
        metrics_(registry),
        idempotency_({.dialect = loops.front().database->dialect(),
                      .postgres_schema = options_.migrations.postgres_schema},
                     registry),
        first_(*loops.front().loop),
        database_(*loops.front().database) {
    serving_options_ = {.dialect = database_.dialect(),
                        .statement_timeout = options_.settings.statement_timeout,
                        .rows_max = options_.settings.rows_max,
                        .other_query_names = {"api_key"},
                        .generations = &caches.store().generations(),
                        .metrics = &metrics_,
                        .stale = &stale_};
    for (std::size_t i = 0; i < loops.size(); ++i) {
      loops_.push_back(
          std::make_unique<OnLoop>(loops[i], options_, metrics_, caches.OfLoop(i), idempotency_));
    }
  }

  void AddRoutes(std::size_t loop_index, http::Router& router) override {
    router.AddMount(options_.settings.prefix, loops_[loop_index]->routes);
    router.AddMount(options_.settings.prefix + "/*", loops_[loop_index]->routes);
  }

  FoundEndpoint Find(std::size_t loop_index, std::string_view path) const override {
    FoundEndpoint found;
    const http::Router::Route* const route = loops_[loop_index]->routes->Find(path, found.values);
    const http::Router::Endpoint* const endpoint =
        route == nullptr ? nullptr : route->For(http::Method::kGet);
    if (endpoint == nullptr) {
      found.state = ready_ ? FoundEndpoint::State::kNone : FoundEndpoint::State::kNotReady;
      return found;
    }
    // What is broken has a handler of another kind.
    found.state = FoundEndpoint::State::kBroken;
    if (const auto* const handler = dynamic_cast<const QueryHandler*>(endpoint->handler.get())) {
      found.state = FoundEndpoint::State::kServed;
      found.served = handler->served();
      found.names = endpoint->parameter_names;
    }
    return found;
  }

  void Start() override {
    first_.Post([this] {
      files::WatchOptions watch;
      watch.scan.folder = options_.settings.folder;
      watch.scan.dialect = database_.dialect();
      watch_.emplace(first_, std::move(watch), file_metrics_,
                     [this](FileSetPtr set, const files::Changes&) { OnSet(std::move(set)); });
      first_.timers().Schedule(*this, first_.clock().Now() + kLookInterval);
      sweeper_.emplace(first_, database_, idempotency_.answers, idempotency_.metrics);
    });
  }

  void ReplaceAuthenticator(std::size_t loop_index,
                            std::shared_ptr<auth::Authenticator> authenticator) override {
    loops_[loop_index]->services.authenticator = std::move(authenticator);
  }
  std::size_t changes(std::size_t loop_index) const override {
    return loops_[loop_index]->services.writes->running();
  }
  bool ready() const override { return ready_; }
  void EndTasks() override {
    {
      const std::lock_guard lock(gate_->mutex);
      gate_->closed = true;
    }
    first_.timers().Cancel(*this);
    watch_.reset();
    sweeper_.reset();
    scope_.reset();
    for (const auto& each : loops_) {
      each->services.unsettled.reset();
      each->services.writes.reset();
    }
  }

 private:
  void OnSet(FileSetPtr set) {
    if (!set->found) {
      log::Warn("queries.folder_missing", {{"folder", options_.settings.folder}});
      if (serving_) return;
    }
    set_ = std::move(set);
    Begin();
  }

  void Begin() {
    if (!std::exchange(busy_, true)) scope_->Spawn(Work());
  }

  void OnTimer() override {
    first_.timers().Schedule(*this, first_.clock().Now() + kLookInterval);
    if (set_ && (may_mend_ || MayLookAtStale())) Begin();
  }

  bool MayLookAtStale() const { return !stale_.empty() && first_.clock().Now() >= look_at_stale_; }

  // Until the newest set is served.
  Task<void> Work() {
    net::Backoff backoff(Milliseconds(100), Seconds(2));
    FileSetPtr done;
    while (done != set_) {
      const FileSetPtr set = set_;
      if (co_await Serve(set)) {
        done = set;
        backoff.Reset();
      } else {
        co_await net::Sleep(first_, backoff.Next());
      }
    }
    busy_ = false;
  }

  // False: the database could not be asked.
  Task<bool> Serve(FileSetPtr set) {
    const std::int64_t begun = MonotonicMicros();
    DescribeOptions options = DescribeOptionsHere();
    options.all_anew = co_await Migrate(set);
    if (MayLookAtStale()) options.anew = TakeStale();
    auto catalog = co_await Describe(first_, database_, set, described_, options);
    if (catalog && !options.anew.empty() && !options.all_anew) {
      const bool changed = HasChanged(**catalog, options.anew);
      look_at_stale_ = first_.clock().Now() + (changed ? kLookInterval : looks_apart_);
      looks_apart_ = changed ? kLookInterval : std::min(Milliseconds(2 * looks_apart_.ms), kLooksApartMax);
      options.all_anew = changed;
      if (changed) catalog = co_await Describe(first_, database_, std::move(set), described_, options);
    }
    if (!catalog) {
      for (const auto& each : options.anew) stale_.Note(each);
      metrics_.describe_failures.Add();
      if (!std::exchange(away_, true)) log::Warn("queries.not_described", {{"why", catalog.error().detail}});
      co_return false;
    }
    away_ = false;
    metrics_.describe_seconds.Observe(static_cast<double>(MonotonicMicros() - begun) / 1e6);
    const bool same = described_ && Same(*described_, **catalog);
    described_ = *std::move(catalog);
    if (!same) co_await Publish(begun);
    co_return true;
  }

  using Endpoints = std::vector<std::shared_ptr<const Endpoint>>;

  // Without those that others have replaced meanwhile.
  Endpoints TakeStale() {
    Endpoints stale = stale_.Take();
    if (!described_) return {};
    const std::set<std::shared_ptr<const Endpoint>> now(described_->endpoints.begin(),
                                                        described_->endpoints.end());
    std::erase_if(stale, [&now](const auto& each) { return !now.contains(each); });
    return stale;
  }

  // Whether the database has changed for one that it may have changed for.
  static bool HasChanged(const Catalog& catalog, const Endpoints& stale) {
    const std::set<std::shared_ptr<const Endpoint>> now(catalog.endpoints.begin(), catalog.endpoints.end());
    return std::ranges::any_of(stale, [&now](const auto& each) { return !now.contains(each); });
  }

  DescribeOptions DescribeOptionsHere() const {
    const bool strict = database_.dialect() == sql::Dialect::kSqlite && !options_.developer;
    return {.without_auth = strict ? WithoutAuth::kRefused : WithoutAuth::kServed};
  }

  // For developers only; whether any was applied. What is wrong with one is said once for each set.
  Task<bool> Migrate(FileSetPtr set) {
    if (!options_.developer || std::exchange(migrated_, set) == set) co_return false;
    const auto outcome = co_await migrations::Apply(first_, database_, set, options_.migrations);
    if (!outcome) {
      migrated_ = nullptr;
      log::Warn("queries.not_migrated", {{"why", outcome.error().detail}});
      co_return false;
    }
    for (const migrations::AppliedNow& each : outcome->applied) {
      log::Info("queries.migrated", {{"file", each.path}, {"took_ms", each.took.ms}});
    }
    if (!outcome->problems.empty()) {
      log::Error("queries.migration_refused",
                 {{"why", migrations::DescribeProblems(*set, outcome->problems)}});
    }
    co_return !outcome->applied.empty();
  }

  // To all loops. Large tables are neither made nor ended on a loop.
  Task<void> Publish(std::int64_t begun) {
    const auto change = std::make_shared<Change>(Change{.gate = gate_,
                                                        .catalog = described_,
                                                        .before = serving_,
                                                        .serving_options = serving_options_,
                                                        .options = &options_,
                                                        .loops = {}});
    for (const auto& loop : loops_) change->loops.push_back(loop.get());
    co_await net::RunBlocking(first_, [change] { change->Make(); });
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      change->tables[i] = co_await net::Ask<std::unique_ptr<RouteTable>>(
          first_, loops_[i]->services.loop,
          [routes = loops_[i]->routes, table = std::move(change->tables[i])]() mutable {
            return routes->Replace(std::move(table));
          });
    }
    Note(*change, begun);
    if (options_.on_serving) options_.on_serving(*change->serving);
    ready_ = true;
    serving_ = std::move(change->serving);
    may_mend_ = change->may_mend;
    co_await net::RunBlocking(first_, [change] { *change = {}; });
  }

  void Note(const Change& change, std::int64_t begun) {
    const Catalog& now = *change.serving->catalog;
    if (options_.developer) NameNew(now);
    const auto size = [](const auto& list) { return static_cast<std::int64_t>(list.size()); };
    metrics_.swaps.Add();
    metrics_.served.Add(size(now.endpoints) - (serving_ ? size(serving_->catalog->endpoints) : 0));
    metrics_.broken.Add(size(now.broken) - (serving_ ? size(serving_->catalog->broken) : 0));
    for (const BrokenEndpoint& each : change.newly_broken) {
      log::Warn("queries.endpoint_broken", {{"endpoint", each.route.ToString()}, {"why", each.reason}});
    }
    log::Info("queries.served", {{"endpoints", now.endpoints.size()},
                                 {"broken", now.broken.size()},
                                 {"took_ms", (MonotonicMicros() - begun) / 1000}});
  }

  // For who has just written them.
  void NameNew(const Catalog& now) {
    std::set<std::string> known;
    if (serving_) {
      for (const auto& each : serving_->catalog->endpoints) known.insert(each->query->route.ToString());
    }
    std::size_t named = 0;
    for (const auto& each : now.endpoints) {
      if (known.contains(each->query->route.ToString())) continue;
      if (++named > kNewLogged) break;
      log::Info("queries.endpoint", {{"method", Name(each->query->route.method)},
                                     {"path", options_.settings.prefix + each->query->route.Path()},
                                     {"file", each->file->path}});
    }
  }

  const QueriesOptions options_;
  files::FilesMetrics file_metrics_;
  QueriesMetrics metrics_;
  StaleEndpoints stale_;
  Idempotency idempotency_;
  net::Loop& first_;
  sql::Database& database_;  // of the first loop
  ServingOptions serving_options_;
  std::vector<std::unique_ptr<OnLoop>> loops_;
  std::atomic<bool> ready_{false};
  const std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();

  // On the first loop.
  FileSetPtr set_;                            // the newest
  FileSetPtr migrated_;                       // whose migrations were looked at
  std::shared_ptr<const Catalog> described_;  // null: none yet
  std::shared_ptr<const Serving> serving_;    // what all loops have
  bool busy_ = false;
  bool away_ = false;
  bool may_mend_ = false;
  MonotonicTime look_at_stale_{};         // not before
  Duration looks_apart_ = kLookInterval;  // after a look that found nothing
  std::optional<TaskScope> scope_{std::in_place};
  std::optional<files::Watch> watch_;
  std::optional<IdempotencySweeper> sweeper_;
};

}  // namespace

std::unique_ptr<Queries> MakeQueries(std::vector<QueriesLoop> loops, QueriesOptions options, Caches& caches,
                                     metrics::Registry& registry) {
  return std::make_unique<FolderQueries>(loops, std::move(options), caches, registry);
}

}  // namespace tidemill::queries
