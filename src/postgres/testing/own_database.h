// OwnDatabase: an empty database on a server that the tests of a process share, and a client of it, connected
// there or by way of a pooler; dropped in the end.
//
// Blocks while it is made and dropped, driving the loop by hand. One thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/loop.h"
#include "postgres/testing/on_loop.h"
#include "postgres/testing/postgres_server.h"

namespace tidemill::postgres::testing {

class OwnDatabase {
 public:
  // `prefix`: of its name. The loop and the server outlive it.
  OwnDatabase(net::Loop& loop, const PostgresServer& server, const Server& way, std::string_view prefix,
              DatabaseOptions options = PatientOptions());
  // On a server of that version.
  OwnDatabase(net::Loop& loop, Version version, std::string_view prefix,
              DatabaseOptions options = PatientOptions());
  ~OwnDatabase();
  OwnDatabase(const OwnDatabase&) = delete;
  OwnDatabase& operator=(const OwnDatabase&) = delete;

  Database& database() { return *database_; }
  // As the superuser, beside that client.
  void Run(const std::string& sql) const { server_.Run(sql, name_); }

 private:
  net::Loop& loop_;
  const PostgresServer& server_;
  const std::string name_;
  metrics::Registry registry_;
  Metrics metrics_{registry_};
  std::unique_ptr<const SessionOpener> opener_;
  std::unique_ptr<Database> database_;
};

// A pooler of transactions in front of SharedServer(), made when it is first asked for.
Server SharedPooler();

}  // namespace tidemill::postgres::testing
