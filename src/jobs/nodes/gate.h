// Gate: where workers and producers of Faktory's protocol come in. On the node that owns the jobs they go to
// its Faktory server; on another their bytes are relayed to the owner's port for nodes (owner_port.h), so
// that clients need not know which node that is. Password, heartbeats and the end of a connection are the
// owner's business.
//
// While the owner does not answer, a client is refused with the reason and may come again. When the jobs
// change hands, all connections that led to who had them are closed: clients connect again. A relay keeps
// some bytes of a client, or of an owner, that does not take them, and stops reading the other; all of them
// together are bounded.
//
// Loop thread of the engine; made and destroyed while the loop does not run.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/intrusive_list.h"
#include "base/log_limit.h"
#include "config/secret.h"
#include "jobs/faktory/buffer_budget.h"
#include "jobs/faktory/server.h"
#include "jobs/nodes/metrics.h"
#include "jobs/nodes/ownership.h"
#include "net/listener.h"

namespace tidemill::nodes {

class Relay;

class Gate final : public net::StreamAcceptor {
 public:
  struct Options {
    config::Secret key;
    std::size_t buffers_bytes_max = 256 << 20;  // of all relays
  };
  // All are borrowed and outlive it.
  Gate(net::Loop& loop, faktory::Server& server, Ownership& ownership, Options options,
       NodesMetrics& metrics);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  void OnStream(std::unique_ptr<net::Stream> stream, net::Admission admission) override;

  std::size_t relays() const { return relay_count_; }
  void CloseAll();

 private:
  friend class Relay;

  void OnOwnerChanged();
  void Remember(Relay& relay);
  void Forget(Relay& relay);
  void CountRefusal(std::string_view why);

  net::Loop& loop_;
  faktory::Server& server_;
  Ownership& ownership_;
  const Options options_;
  NodesMetrics& metrics_;
  IntrusiveList<Relay> relays_;
  std::size_t relay_count_ = 0;
  faktory::BufferBudget buffers_{options_.buffers_bytes_max, metrics_.buffers_bytes};
  log::LogLimit refusals_logged_;
};

}  // namespace tidemill::nodes
