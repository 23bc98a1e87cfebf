// Backend: an outbox of its own in a real database, for tests: SQLite, and PostgreSQL of each version, also
// behind a pooler.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "net/loop.h"
#include "outbox/sql_store.h"
#include "sql/database.h"

namespace tidemill::outbox::testing {

class Backend {
 public:
  virtual ~Backend() = default;
  virtual sql::Database& database() = 0;
  bool is_postgres() { return database().dialect() == sql::Dialect::kPostgres; }
  // As a node opens it: one that starts, or another one beside it.
  std::unique_ptr<Store> Open() { return MakeSqlStore(database(), {}); }
  // The statement that publishes `data` in that channel, with a key or "".
  std::string PublishSql(const std::string& channel, const std::string& data, const std::string& key = "");
};

struct Param {
  std::string name;
  std::function<std::unique_ptr<Backend>(net::Loop&)> make;
  friend void PrintTo(const Param& param, std::ostream* out) { *out << param.name; }
};

// All there are.
std::vector<Param> Backends();

}  // namespace tidemill::outbox::testing
