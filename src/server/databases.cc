#include "server/databases.h"

#include <algorithm>
#include <string>
#include <utility>

#include "outbox/sqlite_functions.h"
#include "postgres/database/database.h"
#include "postgres/metrics.h"
#include "postgres/opening/from_settings.h"
#include "server/schema_keeper.h"
#include "server/schemas.h"
#include "server/version.h"
#include "settings/settings.h"
#include "sqlite/database.h"
#include "sqlite/metrics.h"
#include "sqlite/store.h"

namespace tidemill::server {

namespace {

// Where our own tables are in the embedded database.
std::vector<std::shared_ptr<const sqlite::Function>> FunctionsOf(const settings::Settings& settings,
                                                                 const Databases::AfterCommit& after) {
  if (settings.postgres.given()) return {};
  return outbox::SqliteFunctions({.publishes = settings.outbox.enabled,
                                  .enqueues = settings.jobs.enabled,
                                  .published = [&after] { after.published(); },
                                  .enqueued = [&after] { after.enqueued(); }});
}

}  // namespace

Databases::Databases() = default;
Databases::~Databases() = default;

Result<std::unique_ptr<Databases>> Databases::Open(const std::vector<net::Loop*>& loops,
                                                   const settings::Settings& settings,
                                                   metrics::Registry& registry) {
  std::unique_ptr<Databases> databases(new Databases);
  if (settings.postgres.given()) TM_TRY(databases->OpenPostgres(loops, settings, registry));
  if (settings.sqlite.given()) TM_TRY(databases->OpenSqlite(loops, settings, registry));
  if (sql::Database* const main = databases->main(0)) {
    databases->schemas_ = std::make_unique<SchemaKeeper>(
        *loops.front(), *main, SchemasInUse(settings),
        sql::SchemaOptions{.postgres_schema = settings.postgres.schema, .applied_by = kVersion});
  }
  return databases;
}

Result<void> Databases::OpenPostgres(const std::vector<net::Loop*>& loops, const settings::Settings& settings,
                                     metrics::Registry& registry) {
  postgres_grace_ = settings.postgres.pool.ready_grace;
  TM_TRY_ASSIGN(postgres_opener_, postgres::OpenerFor(settings.postgres));
  postgres_metrics_ = std::make_unique<postgres::Metrics>(registry);
  for (net::Loop* const loop : loops) {
    postgres_.push_back(postgres::MakeDatabase(*loop, *postgres_opener_,
                                               postgres::OptionsOf(settings.postgres), *postgres_metrics_));
  }
  registry.AddCallback("tidemill_postgres_up", "1 while every loop has its connections to PostgreSQL.", {},
                       [this] { return PostgresProblem() ? 0.0 : 1.0; });
  return {};
}

Result<void> Databases::OpenSqlite(const std::vector<net::Loop*>& loops, const settings::Settings& settings,
                                   metrics::Registry& registry) {
  sqlite_metrics_ = std::make_unique<sqlite::Metrics>(registry);
  TM_TRY_ASSIGN(sqlite_store_, sqlite::Store::Open(settings.sqlite, *sqlite_metrics_,
                                                   {.functions = FunctionsOf(settings, *after_commit_)}));
  for (net::Loop* const loop : loops) {
    sqlite_.push_back(std::make_unique<sqlite::Database>(*loop, *sqlite_store_));
  }
  return {};
}

Result<sql::Database*> Databases::OpenBeside(net::Loop& loop) {
  TM_TRY_ASSIGN(beside_store_, sqlite_store_->OpenBeside());
  beside_ = std::make_unique<sqlite::Database>(loop, *beside_store_);
  return beside_.get();
}

// Half of them carry many statements at once, the others what takes long.
sql::Database& Databases::OpenApart(net::Loop& loop, std::uint32_t connections,
                                    const settings::Settings& settings) {
  if (postgres_.empty()) return *main(0);
  postgres::DatabaseOptions options = postgres::OptionsOf(settings.postgres);
  options.pool.shared_connections = std::max(1u, connections / 2);
  options.pool.exclusive_connections = std::max(1u, connections - options.pool.shared_connections);
  apart_ = postgres::MakeDatabase(loop, *postgres_opener_, std::move(options), *postgres_metrics_);
  return *apart_;
}

postgres::Database* Databases::postgres(std::size_t loop_index) const {
  return postgres_.empty() ? nullptr : postgres_[loop_index].get();
}

sqlite::Database* Databases::sqlite(std::size_t loop_index) const {
  return sqlite_.empty() ? nullptr : sqlite_[loop_index].get();
}

sql::Database* Databases::main(std::size_t loop_index) const {
  if (sql::Database* const database = postgres(loop_index)) return database;
  return sqlite(loop_index);
}

void Databases::ApplySchemas(std::function<void()> then) {
  if (schemas_) schemas_->Start(std::move(then));
}

void Databases::EndTasks() {
  if (schemas_) schemas_->EndTasks();
}

// A full disk, damage and tables that do not fit are told at once.
std::vector<Health::Dependency> Databases::dependencies() const {
  std::vector<Health::Dependency> all;
  if (!postgres_.empty()) all.push_back({[this] { return PostgresProblem(); }, postgres_grace_});
  if (sqlite_store_) all.push_back({[this] { return SqliteProblem(); }, Milliseconds(-1)});
  if (schemas_) all.push_back({[this] { return schemas_->problem(); }, Milliseconds(-1)});
  return all;
}

std::optional<ServiceProblem> Databases::PostgresProblem() const {
  std::optional<MonotonicTime> since;
  for (const auto& database : postgres_) {
    const std::optional<MonotonicTime> down = database->down_since();
    if (down) since = since ? std::min(*since, *down) : *down;
  }
  if (!since) return std::nullopt;
  const bool reached = postgres_metrics_->connects.value() > 0;
  return ServiceProblem{.since = *since,
                        .from_start = !reached,
                        .status = "database away",
                        .why = "no connection to PostgreSQL"};
}

std::optional<ServiceProblem> Databases::SqliteProblem() const {
  const std::optional<sqlite::Problem> found = sqlite_store_->problem();
  if (!found) return std::nullopt;
  const bool damaged = found->kind == sql::FailureKind::kCorrupt;
  return ServiceProblem{.since = found->since,
                        .status = damaged ? "storage damaged" : "storage failing",
                        .why = std::string(Name(found->kind))};
}

}  // namespace tidemill::server
