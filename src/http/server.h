// The HTTP/1.1 server of one loop: connections, deadlines, limits, keep-alive, and connections that are taken
// over.
//
// Strict by RFC 9112: anything malformed is 400 and close (http/parser.h lists what). Requests of one
// connection are handled one at a time, in order. Loop thread only.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "http/buffer_budget.h"
#include "http/forwarded.h"
#include "http/handler.h"
#include "http/limits.h"
#include "http/metrics.h"
#include "http/router.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/networks.h"

namespace tidemill::http {

// Requests with an Origin header from elsewhere than these get no CORS headers (and the browser refuses).
struct CorsOptions {
  std::vector<std::string> allowed_origins;  // patterns, see http/origin.h; empty: same host only
};

// What is looked at on each request before its handler.
struct RequestPolicy {
  CorsOptions cors;
  std::vector<std::string> hosts;  // that requests may be for, see host.h; empty: any
  // Whose word about a request's client is taken, and where it stands.
  std::shared_ptr<const net::Networks> proxies;  // null: nobody's
  ForwardedHeader forwarded = ForwardedHeader::kEither;
};

class Server : public net::StreamAcceptor {
 public:
  struct Options {
    ServerLimits limits;
    RequestPolicy policy;
    ServerMetrics* metrics = nullptr;  // null: nothing is counted
    BufferBudget* buffers = nullptr;   // of all servers of the process, which it outlives; null: no limit
  };
  static std::unique_ptr<Server> Make(net::Loop& loop, std::shared_ptr<const Router> router, Options options);
  virtual ~Server() = default;

  // For requests whose headers are read from now on.
  virtual void ReplacePolicy(RequestPolicy policy) = 0;
  // From the next request on; requests under way end on the old one, which lives until then.
  virtual void ReplaceRouter(std::shared_ptr<const Router> router) = 0;
  virtual std::size_t connections() const = 0;  // without those taken over
  // Stops keep-alive: finishes what runs, answers with Connection: close.
  virtual void Drain() = 0;
};

}  // namespace tidemill::http
