// OpenedDatabase: either database on a loop of its own, with the tables of one module, for programs that
// measure a store. What fails ends the program with its reason.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "net/loop.h"
#include "net/task_scope.h"
#include "postgres/database/database.h"
#include "postgres/opening/session_opener.h"
#include "sql/schema/apply_schema.h"
#include "sqlite/database.h"

namespace tidemill::bench {

template <class T>
Task<void> Keep(Task<T> task, std::optional<T>& result) {
  result.emplace(co_await task);
}

template <class T>
T Await(net::Loop& loop, Task<T> task) {
  std::optional<T> result;
  TaskScope scope;
  scope.Spawn(Keep(std::move(task), result));
  while (!result) loop.RunOnce(Milliseconds(100));
  return *std::move(result);
}

[[noreturn]] inline void Stop(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

template <class T>
T Need(Result<T> result) {
  if (!result) Stop(result.error().detail);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

struct OpenedDatabase {
  metrics::Registry registry;
  sqlite::Metrics sqlite_metrics{registry};
  postgres::Metrics postgres_metrics{registry};
  std::unique_ptr<net::Loop> loop = Need(net::Loop::Open({}));
  std::unique_ptr<sqlite::Store> file;
  std::unique_ptr<const postgres::SessionOpener> opener;
  std::unique_ptr<sql::Database> database;

  // `dialect`: "sqlite", in the file `where`, which is made anew, or "postgres", at the URL.
  OpenedDatabase(const std::string& dialect, const std::string& where, sql::Schema schema) {
    if (dialect == "sqlite") {
      for (const char* const suffix : {"", "-wal", "-shm"}) std::filesystem::remove(where + suffix);
      file = Need(sqlite::Store::Open({.path = where}, sqlite_metrics));
      database = std::make_unique<sqlite::Database>(*loop, *file);
    } else {
      postgres::OpenOptions options;
      options.address = Need(postgres::Address::Parse(where, "", {.os_user = "postgres"}));
      opener = Need(postgres::SessionOpener::Make(std::move(options)));
      database = postgres::MakeDatabase(*loop, *opener, {}, postgres_metrics);
      while (database->down_since()) loop->RunOnce(Milliseconds(10));
    }
    const std::vector<sql::Schema> schemas = {std::move(schema)};
    Need(Await(*loop, sql::ApplySchemas(*loop, *database, schemas, {})));
  }
};

}  // namespace tidemill::bench
