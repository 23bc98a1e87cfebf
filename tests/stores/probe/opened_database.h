// OpenedDatabase: a database by its dialect and where it is, on a loop that the caller drives.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "net/loop.h"
#include "sql/database.h"

namespace tidemill::probe {

class OpenedDatabase {
 public:
  // "postgres" and a URL, or "sqlite" and a path. Returns when it is there.
  static Result<std::unique_ptr<OpenedDatabase>> Open(net::Loop& loop, const std::string& dialect,
                                                      const std::string& where);
  virtual ~OpenedDatabase() = default;
  virtual sql::Database& database() = 0;
};

}  // namespace tidemill::probe
