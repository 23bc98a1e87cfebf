// The databases that the settings ask for, on each loop: PostgreSQL, the embedded one, or both.
//
// Built before the loops run. The loops must have stopped before it ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "metrics/metrics.h"
#include "net/loop.h"
#include "server/health.h"
#include "sql/database.h"

namespace tidemill::postgres {
class Database;
struct Metrics;
class SessionOpener;
}  // namespace tidemill::postgres
namespace tidemill::settings {
struct Settings;
}
namespace tidemill::sqlite {
class Database;
struct Metrics;
class Store;
}  // namespace tidemill::sqlite

namespace tidemill::server {

class SchemaKeeper;

class Databases {
 public:
  // Begins to connect, and opens the embedded database's file. kInvalidArgument names the setting; any other
  // error says what is wrong with the file.
  static Result<std::unique_ptr<Databases>> Open(const std::vector<net::Loop*>& loops,
                                                 const settings::Settings& settings,
                                                 metrics::Registry& registry);
  ~Databases();

  // Each null where it is not configured.
  postgres::Database* postgres(std::size_t loop_index) const;
  sqlite::Database* sqlite(std::size_t loop_index) const;
  // The one that everything is kept in: PostgreSQL, if it is configured; else the embedded one. Null: none.
  sql::Database* main(std::size_t loop_index) const;

  // For connections beside the pool; null where PostgreSQL is not configured.
  const postgres::SessionOpener* postgres_opener() const { return postgres_opener_.get(); }
  postgres::Metrics* postgres_metrics() const { return postgres_metrics_.get(); }

  // Called on the embedded database's thread after the commit of SQL that has published, or enqueued a job.
  // Before the loops run.
  struct AfterCommit {
    std::function<void()> published = [] {};
    std::function<void()> enqueued = [] {};
  };
  AfterCommit& after_commit() { return *after_commit_; }

  // The embedded one, read by one connection that nobody else uses, on that loop. Before the loops run, once.
  Result<sql::Database*> OpenBeside(net::Loop& loop);

  // The main one on that loop, with so many connections of its own, where it is PostgreSQL: what is asked
  // there takes none from others. Before the loops run, once.
  sql::Database& OpenApart(net::Loop& loop, std::uint32_t connections, const settings::Settings& settings);

  // Brings our own tables in the main one up to date, once the loops run; then calls `then` on the first
  // loop. Not where there are no tables of ours.
  void ApplySchemas(std::function<void()> then);
  // Once the loops have stopped, before anything ends that tasks refer to.
  void EndTasks();

  // What keeps them from doing their work now. They ask this object, which outlives them.
  std::vector<Health::Dependency> dependencies() const;

 private:
  Databases();
  Result<void> OpenPostgres(const std::vector<net::Loop*>& loops, const settings::Settings& settings,
                            metrics::Registry& registry);
  Result<void> OpenSqlite(const std::vector<net::Loop*>& loops, const settings::Settings& settings,
                          metrics::Registry& registry);
  std::optional<ServiceProblem> PostgresProblem() const;
  std::optional<ServiceProblem> SqliteProblem() const;

  const std::unique_ptr<AfterCommit> after_commit_ = std::make_unique<AfterCommit>();
  Duration postgres_grace_{};
  std::unique_ptr<postgres::Metrics> postgres_metrics_;
  std::unique_ptr<const postgres::SessionOpener> postgres_opener_;
  std::vector<std::unique_ptr<postgres::Database>> postgres_;  // of each loop; empty: none
  std::unique_ptr<postgres::Database> apart_;                  // null: OpenApart was not called
  std::unique_ptr<sqlite::Metrics> sqlite_metrics_;
  std::unique_ptr<sqlite::Store> sqlite_store_;
  std::vector<std::unique_ptr<sqlite::Database>> sqlite_;  // of each loop; empty: none
  std::unique_ptr<sqlite::Store> beside_store_;            // null, and the next: OpenBeside was not called
  std::unique_ptr<sqlite::Database> beside_;
  std::unique_ptr<SchemaKeeper> schemas_;  // null: there is no database
};

}  // namespace tidemill::server
