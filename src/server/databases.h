// The databases that the settings ask for, on each loop: PostgreSQL.
//
// Built before the loops run. The loops must have stopped before it ends.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "metrics/metrics.h"
#include "net/loop.h"
#include "server/health.h"

namespace tidemill::postgres {
class Database;
struct Metrics;
class SessionOpener;
}  // namespace tidemill::postgres
namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

class Databases {
 public:
  // Begins to connect. kInvalidArgument names the setting.
  static Result<std::unique_ptr<Databases>> Open(const std::vector<net::Loop*>& loops,
                                                 const settings::Settings& settings,
                                                 metrics::Registry& registry);
  ~Databases();

  // Null where none is configured.
  postgres::Database* postgres(std::size_t loop_index) const {
    return postgres_.empty() ? nullptr : postgres_[loop_index].get();
  }
  // Any thread. What keeps the database from doing its work now.
  std::optional<ServiceProblem> problem() const;

 private:
  Databases();

  std::unique_ptr<postgres::Metrics> postgres_metrics_;
  std::unique_ptr<const postgres::SessionOpener> postgres_opener_;
  std::vector<std::unique_ptr<postgres::Database>> postgres_;  // of each loop; empty: none
};

}  // namespace tidemill::server
