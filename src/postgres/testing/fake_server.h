// FakeServer: says what a test wants said, byte by byte, whether or not it is PostgreSQL's protocol.
// CuttingProxy: stands before a real server and lets through only the first bytes of its answers, or each
// alone.
//
// Both listen on a free port of 127.0.0.1 and serve connections one after the other, on a thread of their
// own.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "net/socket.h"
#include "postgres/address/server.h"

namespace tidemill::postgres::testing {

// Accepts connections on a thread and hands each to `serve`, until it is destroyed.
class ListeningThread {
 public:
  explicit ListeningThread(std::function<void(int fd)> serve);
  ListeningThread(const ListeningThread&) = delete;
  ListeningThread& operator=(const ListeningThread&) = delete;
  ~ListeningThread();

  std::uint16_t port() const { return port_; }
  bool stopping() const { return stopping_; }

 private:
  std::uint16_t port_ = 0;
  net::Fd listener_;  // sets the port
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

class FakeServer {
 public:
  // What is sent after each message of the client: the first after its first, which has no type. After the
  // last the connection stays open until the client ends it, or is ended.
  enum class AtEnd : std::uint8_t { kStay, kHangUp };
  explicit FakeServer(std::vector<std::string> answers, AtEnd at_end = AtEnd::kStay);

  Server tcp() const { return {.host = "127.0.0.1", .port = listening_.port()}; }
  std::string url(const std::string& more = "") const;
  // How many connections were accepted.
  int connections() const { return connections_; }

 private:
  void Serve(int fd);

  const std::vector<std::string> answers_;
  const AtEnd at_end_;
  std::atomic<int> connections_{0};
  ListeningThread listening_;  // last: its thread uses all above
};

// Pieces of answers: a whole message by its type, and the most used.
std::string Message(char type, const std::string& body);
std::string AuthenticationOk();
std::string ErrorResponse(const std::string& code, const std::string& text);

class CuttingProxy {
 public:
  enum class Then : std::uint8_t { kHangUp, kStall };
  struct Plan {
    std::size_t bytes = std::numeric_limits<std::size_t>::max();  // of the server's, for each connection
    Then then = Then::kHangUp;
    bool one_by_one = false;  // each byte in a segment of its own
  };
  explicit CuttingProxy(Server server);

  void SetPlan(Plan plan);
  std::uint16_t port() const { return listening_.port(); }
  // Bytes of the server's that the last connection let through.
  std::size_t passed() const { return passed_; }

 private:
  void Serve(int fd);

  const Server server_;
  std::atomic<std::size_t> bytes_{std::numeric_limits<std::size_t>::max()};
  std::atomic<Then> then_{Then::kHangUp};
  std::atomic<bool> one_by_one_{false};
  std::atomic<std::size_t> passed_{0};
  ListeningThread listening_;  // last: its thread uses all above
};

}  // namespace tidemill::postgres::testing
