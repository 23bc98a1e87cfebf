// PostgresTables: the tables that a live query depends on in PostgreSQL, and the triggers on them.
//
// Loop thread only. The loop and the database outlive it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "queries/live/changes.h"
#include "sql/database.h"

namespace tidemill::queries::live {

class PostgresTables {
 public:
  struct Options {
    std::string postgres_schema = "tidemill";  // of our own tables
    bool create_triggers = true;
    Duration retry_pause = Seconds(15);  // after a trigger could not be made; it doubles up to kRetryPauseMax
  };
  static constexpr Duration kRetryPauseMax = Minutes(10);
  PostgresTables(net::Loop& loop, sql::Database& database, Options options);

  // As ChangeSource::Cover. Tables that have a trigger are left alone. To make one waits for those who write
  // into its table, 100 ms at most, as others who write queue up behind it meanwhile.
  Task<Result<Coverage>> Cover(std::vector<std::string> tables);

 private:
  struct Table {
    std::string name;    // "public.orders"
    std::string quoted;  // as SQL takes it
    char kind = 'r';     // pg_class.relkind; '-': it is not there
    char trigger = '-';  // ours, as pg_trigger.tgenabled; '-': none; 'x': another one has its name
    bool may_create = false;
    bool is_owner = false;
    bool calls_functions = false;  // a policy does, or the view, which may read others
    std::string fingerprint;
    bool replicated = false;  // a subscription of logical replication writes into it
    std::string moving;       // what in a policy, or in the view, changes without a write: "now"
    bool followed() const { return trigger == 'O' || trigger == 'A'; }
  };
  Task<Result<std::vector<Table>>> Find(std::vector<std::string> names);
  bool ShouldCreate(const Table& table) const;
  Task<void> Create(const Table& table);
  static std::string WhyNotCovered(const Table& table);
  std::string WhyNoTrigger(const Table& table) const;

  net::Loop& loop_;
  sql::Database& database_;
  const Options options_;
  const std::string function_;  // "tidemill".tidemill_live_changed()
  struct Retry {
    MonotonicTime at{};
    Duration pause{};
  };
  std::map<std::string, Retry> retries_;  // by Table::name, of those whose trigger could not be made
};

}  // namespace tidemill::queries::live
