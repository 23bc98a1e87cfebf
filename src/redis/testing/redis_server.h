// RedisServer: a real redis-server for tests, on a free port of 127.0.0.1, with its files in a temporary
// folder.
//
// It is there when the constructor returns, and gone when the object or the test's process is: the kernel
// kills it with its parent. When there is no redis-server the test fails and says what to install.
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
#include "redis/command.h"
#include "redis/options.h"
#include "redis/reply.h"

namespace tidemill::redis::testing {

struct ServerOptions {
  // Without a user, the password is that of the default user (requirepass); with one, only that user may
  // enter.
  Credentials credentials;
  bool unix_socket = false;     // as well as the port
  bool append_only = false;     // AOF, written at once; otherwise nothing is kept over a restart
  std::string tls_certificate;  // file; with tls_key: a port for TLS as well
  std::string tls_key;
  std::vector<std::string> lines;  // more of redis.conf
  enum class Role : std::uint8_t { kServer, kSentinel } role = Role::kServer;
};

class RedisServer {
 public:
  explicit RedisServer(ServerOptions options = {});
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  std::uint16_t port() const { return port_; }
  Endpoint endpoint() const { return {.host = "127.0.0.1", .port = port_}; }
  Endpoint tls_endpoint() const { return {.host = "127.0.0.1", .port = tls_port_}; }
  Endpoint unix_endpoint() const { return {.unix_path = folder_.path() + "/redis.sock"}; }
  std::string log() const;  // what it wrote so far

  // Ends the process: at once, or after it has done its duties (SHUTDOWN).
  void Kill() { process_.Kill(); }
  void Shutdown();
  // Lets it stand still, connections and all, and go on.
  void Stop() { process_.Stop(); }
  void Continue() { process_.Continue(); }
  // Kills it if it runs; starts it again on the same port and waits until it answers.
  void Restart();
  // And does not stand still.
  bool running() const { return process_.running(); }

  // Sends the command over a connection of its own and waits for the answer. A failure of the test when there
  // is none within 5 s; an error reply is returned.
  Reply Ask(const Command& command) const;
  // One line of INFO: "run_id", "role"; "" when it is not there.
  std::string Info(std::string_view field) const;

 private:
  tidemill::testing::ServerProgram Program() const;
  bool Answers() const;
  std::string ConfigText() const;

  const ServerOptions options_;
  const tidemill::testing::TemporaryFolder folder_;
  std::uint16_t port_ = 0;
  std::uint16_t tls_port_ = 0;
  tidemill::testing::ServerProcess process_;
};

}  // namespace tidemill::redis::testing
