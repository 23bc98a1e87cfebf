// Backend: accounts of their own in a real database, for tests: SQLite, and PostgreSQL of each version.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "accounts/store.h"
#include "net/loop.h"
#include "sql/database.h"

namespace tidemill::accounts::testing {

class Backend {
 public:
  virtual ~Backend() = default;
  virtual sql::Database& database() = 0;
};

struct Param {
  std::string name;
  std::function<std::unique_ptr<Backend>(net::Loop&)> make;
  friend void PrintTo(const Param& param, std::ostream* out) { *out << param.name; }
};

// All there are.
std::vector<Param> Backends();
std::unique_ptr<Backend> MakeSqliteBackend(net::Loop& loop);

}  // namespace tidemill::accounts::testing
