// Backend: a chat of its own in a real database, for tests: SQLite, and PostgreSQL of each version, also
// behind a pooler.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "chat/store/sql_store.h"
#include "net/loop.h"
#include "sql/database.h"

namespace tidemill::chat::testing {

class Backend {
 public:
  virtual ~Backend() = default;
  virtual sql::Database& database() = 0;
  bool is_postgres() { return database().dialect() == sql::Dialect::kPostgres; }
};

struct Param {
  std::string name;
  std::function<std::unique_ptr<Backend>(net::Loop&)> make;
  friend void PrintTo(const Param& param, std::ostream* out) { *out << param.name; }
};

// All there are.
std::vector<Param> Backends();
// One of each dialect, for what takes long.
std::vector<Param> BackendOfEachDialect();

}  // namespace tidemill::chat::testing
