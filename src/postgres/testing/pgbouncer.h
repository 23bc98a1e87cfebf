// Pgbouncer: a real PgBouncer in front of a PostgresServer for tests, on a free port of 127.0.0.1.
//
// It answers when the constructor returns, and is gone when the object or the test's process is. When there
// is none the test fails and says what to install. Blocks; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/testing/server_process.h"
#include "base/testing/temporary_folder.h"
#include "postgres/testing/postgres_server.h"

namespace tidemill::postgres::testing {

struct PgbouncerOptions {
  std::string pool_mode = "transaction";
  std::vector<std::string> lines{};  // more of its [pgbouncer] section
};

class Pgbouncer {
 public:
  explicit Pgbouncer(const PostgresServer& server, PgbouncerOptions options = {});
  Pgbouncer(const Pgbouncer&) = delete;
  Pgbouncer& operator=(const Pgbouncer&) = delete;

  std::uint16_t port() const { return port_; }
  Server tcp() const { return {.host = "127.0.0.1", .port = port_}; }
  // As PostgresServer::url.
  std::string url(std::string_view more = "") const;

 private:
  const tidemill::testing::TemporaryFolder folder_;
  std::uint16_t port_ = 0;
  tidemill::testing::ServerProcess process_;
};

}  // namespace tidemill::postgres::testing
