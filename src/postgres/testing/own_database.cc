#include "postgres/testing/own_database.h"

#include <fmt/format.h>

#include <utility>

#include "base/assert.h"
#include "postgres/testing/pgbouncer.h"

namespace tidemill::postgres::testing {
namespace {

std::string Create(const PostgresServer& server, std::string_view prefix) {
  static int count = 0;
  std::string name = fmt::format("{}_{}", prefix, ++count);
  server.Run("create database " + name);
  return name;
}

}  // namespace

OwnDatabase::OwnDatabase(net::Loop& loop, const PostgresServer& server, const Server& way,
                         std::string_view prefix, DatabaseOptions options)
    : loop_(loop),
      server_(server),
      name_(Create(server, prefix)),
      opener_(OpenerOf(fmt::format("postgres://postgres@127.0.0.1:{}/{}", way.port, name_))),
      database_(MakeDatabase(loop, *opener_, std::move(options), metrics_)) {
  TM_ASSERT(DriveUntil(loop, [this] { return !database_->down_since(); }));
}

OwnDatabase::OwnDatabase(net::Loop& loop, Version version, std::string_view prefix, DatabaseOptions options)
    : OwnDatabase(loop, SharedServer(version), SharedServer(version).tcp(), prefix, std::move(options)) {}

OwnDatabase::~OwnDatabase() {
  database_.reset();
  net::testing::RunTurns(loop_);
  server_.Run("drop database " + name_ + " with (force)");
}

Server SharedPooler() {
  static Pgbouncer pgbouncer(SharedServer());
  return pgbouncer.tcp();
}

}  // namespace tidemill::postgres::testing
