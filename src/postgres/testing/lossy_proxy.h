// LossyProxy: stands before a real server, and loses when a test says so: the rest of an answer, or what a
// client sends, which reaches the server later, or never. The client's connection ends with that.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "net/socket.h"
#include "postgres/address/server.h"
#include "postgres/testing/fake_server.h"

namespace tidemill::postgres::testing {

class LossyProxy {
 public:
  explicit LossyProxy(Server server);
  ~LossyProxy() { stopping_ = true; }

  std::uint16_t port() const { return listening_.port(); }
  // Lets so many bytes of the server's through, from now on; then the connection ends, and that is all.
  void CutAfter(std::size_t bytes);
  // No longer.
  void Heal();
  // The next bytes of the client's that `mark` is in are kept, and its connection ends.
  void HoldNext(std::string mark);
  bool has_held() const { return has_held_; }
  // What was kept reaches the server on the connection that it was meant for. Gives the server's answer.
  std::string Deliver();

 private:
  // On a thread of its own for each connection.
  void Serve(const net::Fd& client);
  // How many of them go through, and whether that is the end.
  std::size_t Cut(std::size_t bytes, bool& is_end);
  bool Keep(std::string_view bytes, net::Fd& server);

  const Server server_;
  std::mutex mutex_;
  std::optional<std::size_t> left_;  // of the server's bytes; nullopt: all
  std::string mark_;                 // "": nothing is to be held
  std::string held_;
  net::Fd held_server_;
  std::atomic<bool> has_held_{false};
  std::atomic<bool> stopping_{false};
  std::vector<std::jthread> threads_;  // the listening thread's
  ListeningThread listening_;          // last: its thread uses all above
};

}  // namespace tidemill::postgres::testing
