// SchemaKeeper: brings our own tables up to date when a node starts, and says so until they are.
//
// While the database is away, or another node holds the lock of the schema, it tries again. Tables that a
// newer program has made, or that are not what this one knows, stay as they are: the node serves nothing that
// needs them, and /ready says why.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "server/health.h"
#include "sql/schema/apply_schema.h"
#include "sql/schema/schema.h"

namespace tidemill::server {

class SchemaKeeper {
 public:
  // `database` is the loop's. Both outlive it.
  SchemaKeeper(net::Loop& loop, sql::Database& database, std::vector<sql::Schema> schemas,
               sql::SchemaOptions options);

  // Any thread, once: it begins on the loop. `then` is called there once the tables are there.
  void Start(std::function<void()> then);
  // Once the loop has stopped.
  void EndTasks() { scope_.reset(); }
  // Any thread. nullopt: the tables are there.
  std::optional<ServiceProblem> problem() const;

 private:
  Task<void> Apply(std::function<void()> then);
  void SetWhy(std::string why);

  net::Loop& loop_;
  sql::Database& database_;
  const std::vector<sql::Schema> schemas_;
  const sql::SchemaOptions options_;
  const MonotonicTime since_ = SystemClock().Now();
  mutable std::mutex mutex_;
  std::string why_;  // "": nothing is missing
  std::optional<TaskScope> scope_{std::in_place};
};

}  // namespace tidemill::server
