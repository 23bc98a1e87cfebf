// PostgresServer: a real PostgreSQL for tests, on a free port of 127.0.0.1 and on a Unix socket, with its
// files in a temporary folder.
//
// It answers when the constructor returns, and is gone when the object or the test's process is: the kernel
// kills it with its parent. Debian's 15 unless another version is asked for. When there is none the test
// fails and says what to install. It runs as the user "postgres" or "nobody" when the test runs as root, as
// PostgreSQL does not.
//
// Everything here blocks; no loop is needed. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/testing/server_process.h"
#include "base/testing/temporary_folder.h"
#include "postgres/address/server.h"

namespace tidemill::postgres::testing {

enum class Version : std::uint8_t { kDebian, k18 };

struct ServerOptions {
  Version version = Version::kDebian;
  bool durable = false;              // fsync; otherwise a crash of the machine loses it, and Kill does not
  std::vector<std::string> lines{};  // more of postgresql.conf
  // All of pg_hba.conf but for the superuser on the Unix socket, who is always let in: "host all all all
  // md5". Empty: everybody is let in.
  std::vector<std::string> hba{};
  std::string tls_certificate{};  // files; with tls_key: TLS
  std::string tls_key{};
  std::string tls_authorities{};  // vouch for clients' certificates
  std::string sql{};              // run by the superuser when it has started
};

class PostgresServer {
 public:
  explicit PostgresServer(ServerOptions options = {});
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;
  ~PostgresServer();

  // Another server that follows this one (streaming, with its own folder and port) and has caught up with it.
  std::unique_ptr<PostgresServer> MakeStandby() const;
  // Makes a primary of a standby, and waits until it is one.
  void Promote();

  std::uint16_t port() const { return port_; }
  // The folder of the Unix socket, too.
  const std::string& folder() const { return folder_.path(); }
  Server tcp() const { return {.host = "127.0.0.1", .port = port_}; }
  Server unix_socket() const { return {.host = folder_.path(), .port = port_}; }
  // "postgres://postgres@127.0.0.1:5432/postgres", and behind it `more`, such as "?sslmode=require".
  std::string url(std::string_view more = "") const;
  std::string unix_url(std::string_view more = "") const;
  std::string log() const;  // what it wrote so far

  // As the superuser, through psql; gives what psql prints: fields with "|" between them, a line for each
  // row. A failure of the test when it is refused.
  std::string Run(const std::string& sql, const std::string& database = "postgres") const;

  // Ends the process and its children at once, as a crash would; or in order, connections first.
  void Kill();
  void Shutdown();
  // Lets it stand still, connections and all, and go on.
  void Stop() { process_.Stop(); }
  void Continue() { process_.Continue(); }
  // Kills it if it runs; starts it again on the same port and waits until it answers.
  void Restart();
  // And does not stand still.
  bool running() const { return process_.running(); }

 private:
  struct StandbyOf {
    const PostgresServer& primary;
  };
  explicit PostgresServer(StandbyOf of);

  void CopyTo(const std::string& folder) const;
  std::string data() const { return folder_.path() + "/data"; }
  void WriteFiles() const;
  void StartOnFreePort();
  tidemill::testing::ServerProgram Program() const;
  bool Answers() const;
  int SharedMemory() const;

  const ServerOptions options_;
  const tidemill::testing::TemporaryFolder folder_;
  std::uint16_t port_ = 0;
  tidemill::testing::ServerProcess process_;
};

// The server that the tests of this process share, made when it is first asked for. Who ends one, or lets it
// stand still, makes one of its own.
PostgresServer& SharedServer(Version version = Version::kDebian);

}  // namespace tidemill::postgres::testing
