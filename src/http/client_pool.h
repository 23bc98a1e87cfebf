// ClientPool: outgoing HTTP/1.1 requests of one loop, over connections that are kept between them: for
// proxies and webhooks, which ask the same few servers all the time.
//
// Bounded for each origin (scheme, host and port): its connections and the requests that wait for one, so
// that an origin that hangs takes nothing from another. Bounded in all: the connections kept idle, and how
// long. How many origins there are is the caller's to bound. Requests to one origin wait in the order in
// which they came. A kept connection may have been closed by the server just when it is used again: such a
// request is sent once more, on a new connection, if no byte of an answer came and its method is idempotent
// (RFC 9110 section 9.2.2) or it is_repeatable. Nothing else is retried.
//
// Loop thread only. Outlives its requests; ends before its loop.
#pragma once

#include <cstddef>
#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "http/client.h"
#include "http/metrics.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/tls.h"

namespace tidemill::http {

struct ClientPoolOptions {
  std::shared_ptr<net::TlsContext> tls;  // for https; null: kInvalidArgument
  std::size_t connections_per_origin_max = 16;
  std::size_t waiting_per_origin_max = 1000;
  std::size_t idle_max = 64;  // in all
  Duration idle_timeout = Seconds(30);
  ClientMetrics* metrics = nullptr;  // null: nothing is counted
};

class ClientPool {
 public:
  static std::unique_ptr<ClientPool> Make(net::Loop& loop, ClientPoolOptions options);
  virtual ~ClientPool() = default;

  // As http::Fetch; the request's time-out covers the wait for a connection too. kLimitExceeded also:
  // waiting_per_origin_max requests wait for the same origin. kCancelled: it was withdrawn.
  virtual Task<Result<ClientResponse>> Fetch(ClientRequest request) = 0;

  virtual std::size_t connections() const = 0;  // in use and idle
  virtual std::size_t waiting() const = 0;      // requests
};

}  // namespace tidemill::http
