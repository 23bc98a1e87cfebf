// Forwarder: the HTTP API's methods about jobs, on a node that does not own them: each call goes to the one
// that does.
//
// Who calls was checked on this node; what goes on carries the key that nodes share (jobs.nodes.key). The
// owner's port for nodes (owner_port.h) answers by itself or not at all, so a call is never forwarded twice.
// A call whose caller has hung up ends there as it would here. When the jobs change hands, calls that wait
// for who had them are answered at once: kErrorUnavailable, and what they did is not known.
//
// When this node drains, those who wait for a job are answered: kErrorUnavailable, and what the owner has for
// them stays there.
//
// One for each loop; made before the loops run, its loop's thread after that. Outlives its calls.
#pragma once

#include <coroutine>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "api/method.h"
#include "base/clock.h"
#include "config/secret.h"
#include "http/client_pool.h"
#include "jobs/nodes/metrics.h"
#include "jobs/nodes/ownership.h"
#include "jobs/queue/fifo_list.h"
#include "net/loop.h"
#include "net/task.h"

namespace tidemill::nodes {

// What is below this path of a node's port is answered as its API answers.
inline constexpr char kApiPrefix[] = "/api";

class Forwarder {
 public:
  struct Options {
    config::Secret key;                // empty: nothing can be forwarded
    std::size_t answer_bytes_max = 0;  // of one call
  };
  // All are borrowed and outlive it.
  Forwarder(net::Loop& loop, Ownership& ownership, Options options, NodesMetrics& metrics);
  ~Forwarder();
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;

  bool IsNeeded() const { return ownership_.IsElsewhere(); }

  // A method is a literal, its parameters a JSON object.
  struct Request {
    std::string_view method;
    std::string params;
    bool waits = false;  // for long: api::Method::waits
  };
  Task<api::Outcome> Forward(Request request);

  // Any thread: nobody waits for the owner's jobs from here on; other calls go on.
  void Drain();

  // These methods, which go to the owner of the jobs while that is another node. They must not outlive this.
  std::vector<api::Method> Wrap(std::vector<api::Method> methods);

 private:
  class Flight;
  class Answer;

  Task<api::Outcome> Ask(jobs::Owner owner, http::ClientRequest request, bool waits);
  // False: the turn's share is spent, and some may be left.
  template <class IsOver>
  bool EndOldest(queue::FifoList<Flight>& flights, IsOver is_over, const char* why);
  void EndStale();
  void EndWaiting();

  net::Loop& loop_;
  Ownership& ownership_;
  const Options options_;
  NodesMetrics& metrics_;
  queue::FifoList<Flight> flights_;
  queue::FifoList<Flight> waiting_flights_;  // that wait for a job
  bool is_draining_ = false;
  // Those that wait for a job would keep the others from a connection.
  std::unique_ptr<http::ClientPool> pool_;
  std::unique_ptr<http::ClientPool> waiting_pool_;
};

}  // namespace tidemill::nodes
