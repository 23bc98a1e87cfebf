// OtherOwner: a node whose jobs another one has, and that other one's port for nodes, whose end of each
// connection the test holds.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "jobs/engine/engine.h"
#include "jobs/faktory/server.h"
#include "jobs/nodes/metrics.h"
#include "jobs/nodes/ownership.h"
#include "jobs/store/testing/memory_store.h"
#include "metrics/metrics.h"
#include "net/loop.h"
#include "net/socket.h"

namespace tidemill::nodes::testing {

class OtherOwner {
 public:
  // The engine has not started yet: first make what watches `ownership`.
  OtherOwner();
  // Until the node knows who has the jobs.
  void Start();
  // Another node has them, which does not listen.
  void MoveOn();

  // The next connection to the port.
  net::Fd Accept();
  // Until those bytes have come; gives what came up to their end.
  std::string ReadUntil(const net::Fd& fd, std::string_view end);
  bool Until(const std::function<bool()>& done);
  void Turns(int count = 20);

  std::unique_ptr<net::Loop> loop;
  jobs::testing::MemoryStore store{*loop};
  metrics::Registry registry;
  NodesMetrics metrics{registry};
  faktory::ServerMetrics faktory_metrics{registry};
  jobs::Engine engine{*loop, store, {}};
  Ownership ownership{engine};
  std::unique_ptr<faktory::Server> server;

 private:
  net::Fd listening_;
  std::uint16_t port_ = 0;
  std::string read_;  // beyond what ReadUntil gave
};

}  // namespace tidemill::nodes::testing
