// PostgresTables: the tables that a live query depends on in PostgreSQL, and the triggers on them.
//
// Loop thread only. The database outlives it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "net/task.h"
#include "queries/live/changes.h"
#include "sql/database.h"

namespace tidemill::queries::live {

class PostgresTables {
 public:
  struct Options {
    std::string postgres_schema = "tidemill";  // of our own tables
    bool create_triggers = true;
  };
  PostgresTables(sql::Database& database, Options options);

  // As ChangeSource::Cover. Tables that have a trigger are left alone. To make one waits for those who write
  // into its table, a second at most.
  Task<Result<Coverage>> Cover(std::vector<std::string> tables);

 private:
  struct Table {
    std::string name;    // "public.orders"
    std::string quoted;  // as SQL takes it
    char kind = 'r';     // pg_class.relkind; '-': it is not there
    char trigger = '-';  // ours, as pg_trigger.tgenabled; '-': none; 'x': another one has its name
    bool may_create = false;
    bool is_owner = false;
    bool calls_functions = false;  // a policy does, which may read others
    std::string fingerprint;
    bool replicated = false;  // a subscription of logical replication writes into it
    bool followed() const { return trigger == 'O' || trigger == 'A'; }
  };
  Task<Result<std::vector<Table>>> Find(std::vector<std::string> names);
  Task<void> Create(const Table& table);
  static std::string WhyNotCovered(const Table& table);

  sql::Database& database_;
  const Options options_;
  const std::string function_;  // "tidemill".tidemill_live_changed()
};

}  // namespace tidemill::queries::live
