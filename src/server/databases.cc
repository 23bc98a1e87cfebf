#include "server/databases.h"

#include <algorithm>

#include "postgres/database/database.h"
#include "postgres/metrics.h"
#include "postgres/opening/from_settings.h"
#include "settings/settings.h"

namespace tidemill::server {

Databases::Databases() = default;
Databases::~Databases() = default;

Result<std::unique_ptr<Databases>> Databases::Open(const std::vector<net::Loop*>& loops,
                                                   const settings::Settings& settings,
                                                   metrics::Registry& registry) {
  std::unique_ptr<Databases> databases(new Databases);
  if (!settings.postgres.given()) return databases;
  TM_TRY_ASSIGN(databases->postgres_opener_, postgres::OpenerFor(settings.postgres));
  databases->postgres_metrics_ = std::make_unique<postgres::Metrics>(registry);
  for (net::Loop* const loop : loops) {
    databases->postgres_.push_back(postgres::MakeDatabase(*loop, *databases->postgres_opener_,
                                                          postgres::OptionsOf(settings.postgres),
                                                          *databases->postgres_metrics_));
  }
  registry.AddCallback("tidemill_postgres_up", "1 while every loop has its connections to PostgreSQL.", {},
                       [all = databases.get()] { return all->problem() ? 0.0 : 1.0; });
  return databases;
}

std::optional<ServiceProblem> Databases::problem() const {
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

}  // namespace tidemill::server
