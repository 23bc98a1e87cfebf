// TriggerSql: SQL for PostgreSQL that publishes each change of a table. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace tidemill::cli {

struct TriggerWish {
  std::string table;    // "orders", "shop.orders"
  std::string channel;  // "": the table's name
  std::string key;      // the column whose value says what has one order; "": all changes have one
  std::vector<std::string> columns;  // that are published; {}: all
  bool on_insert = false;
  bool on_update = false;
  bool on_delete = false;
  std::string schema = "tidemill";  // of our own functions
};

// A script for psql, which may be run again. kInvalidArgument: there is nothing to be published, or a name is
// none.
Result<std::string> TriggerSql(const TriggerWish& wish);
// One that takes it away again.
Result<std::string> DropTriggerSql(const TriggerWish& wish);

}  // namespace tidemill::cli
