// SchemaDatabase: the database of the settings, opened for one command.
//
// Made before its loop runs, which blocks; used and ended on it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "sql/database.h"
#include "sql/schema/schema.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::cli {

// What the settings name, or `asked` ("postgres", "sqlite") where they name both. kInvalidArgument: neither,
// or not that one.
Result<sql::Dialect> ChooseDialect(const settings::Settings& settings, std::string_view asked);

std::string_view Name(sql::Dialect dialect);

sql::SchemaOptions SchemaOptionsOf(const settings::Settings& settings);

class SchemaDatabase {
 public:
  static Result<std::unique_ptr<SchemaDatabase>> Open(net::Loop& loop, const settings::Settings& settings,
                                                      sql::Dialect dialect);
  virtual ~SchemaDatabase() = default;
  // Waits until it is there; says why it is not.
  virtual Task<Result<void>> Connect() = 0;
  virtual sql::Database& database() = 0;
};

}  // namespace tidemill::cli
