// PostgresTables: the tables that a live query depends on in PostgreSQL, and the triggers on them.
//
// Loop thread only. The loop and the database outlive it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "queries/live/changes.h"
#include "queries/live/postgres_triggers.h"
#include "sql/database.h"
#include "sql/statement.h"

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

  // As ChangeSource::Cover. Tables that have what is needed are left alone. To make a trigger waits for those
  // who write into its table, 100 ms at most, as others who write queue up behind it meanwhile.
  Task<Result<Coverage>> Cover(std::vector<std::string> tables, std::optional<KeyColumn> key = std::nullopt);

 private:
  struct Table {
    std::string name;    // "public.orders"
    std::string quoted;  // as SQL takes it
    char kind = 'r';     // pg_class.relkind; '-': it is not there
    LiveTriggers triggers;
    bool may_create = false;
    bool is_owner = false;
    bool calls_functions = false;  // a policy does, or the view, which may read others
    std::string fingerprint;
    bool replicated = false;    // a subscription of logical replication writes into it
    std::string rule;           // what its policies for reading, or the view, say
    bool family = false;        // the key's table, or what its rows can be written through
    bool other = false;         // it is read not only as the key's table
    std::uint32_t key_oid = 0;  // of the key's column in it; 0: it has none, or no good one
    bool followed() const { return triggers.state == LiveTriggers::State::kComplete; }
  };
  Task<Result<std::vector<Table>>> Find(std::vector<std::string> names, std::optional<KeyColumn> key);
  bool ShouldCreate(const Table& table, bool tells, std::size_t columns) const;
  Task<void> Create(const Table& table, std::vector<std::string> columns);
  Coverage CoverageOf(const std::vector<Table>& tables) const;
  void NameKeyed(const std::vector<Table>& tables, const std::string& column, Coverage& coverage) const;
  static std::string WhyNotCovered(const Table& table);
  static std::string WhyNotKeyed(const std::vector<Table>& tables, const std::optional<KeyColumn>& key);
  std::string WhyNoTrigger(const Table& table) const;
  std::string WhyNotTold(const Table& table, const std::string& column) const;

  net::Loop& loop_;
  sql::Database& database_;
  const Options options_;
  const sql::Statement follow_;  // tidemill_live_follow (schema.h)
  struct Retry {
    MonotonicTime at{};
    Duration pause{};
  };
  std::map<std::string, Retry> retries_;  // by Table::name, of those whose trigger could not be made
};

}  // namespace tidemill::queries::live
