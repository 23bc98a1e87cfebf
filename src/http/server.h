// The HTTP/1.1 server of one loop: connections, deadlines, limits, keep-alive, and the way out to WebSocket.
//
// Strict by RFC 9112: anything malformed is 400 and close (http/parser.h lists what). Requests of one
// connection are handled one at a time, in order. Loop thread only.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "http/message.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/task.h"

namespace tidemill::http {

// Answers the requests of a route. May suspend; `request` stays valid until the task ends.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual Task<Response> Handle(const Request& request) = 0;
};

// Takes over a connection whose request asks for an upgrade (or for a response that never ends).
class UpgradeHandler {
 public:
  virtual ~UpgradeHandler() = default;
  // Either gives a response that refuses (nullopt = taken): then `stream` is untouched and the connection
  // is closed after the response. Or takes `stream`, and `rest`: bytes already read after the request,
  // borrowed until return.
  virtual std::optional<Response> Upgrade(const Request& request, std::unique_ptr<net::Stream>& stream,
                                          std::string_view rest) = 0;
};

// Exact paths only ("/api/publish"), or a prefix route when the path ends in "/*".
// A path that exists with other methods answers 405 with Allow; OPTIONS is answered from the CORS settings.
class Router {
 public:
  Router();
  ~Router();
  void Add(Method method, std::string path, std::shared_ptr<Handler> handler);  // kGet serves HEAD too
  void AddUpgrade(std::string path, std::shared_ptr<UpgradeHandler> handler);   // GET with any Upgrade

  struct Match;
  Match Find(const Request& request) const;

 private:
  struct Routes;
  std::unique_ptr<Routes> routes_;
};

struct ServerLimits {
  Duration handshake_timeout = Seconds(10);   // TLS, from accept; absolute
  Duration headers_timeout = Seconds(10);     // from the first byte wanted to the end of headers; absolute
  Duration body_timeout = Seconds(30);        // from the end of headers; absolute
  Duration keep_alive_timeout = Seconds(75);  // between requests
  std::size_t request_line_bytes_max = 8 * 1024;
  std::size_t header_count_max = 100;
  std::size_t header_bytes_max = 32 * 1024;
  std::size_t body_bytes_max = 4 * 1024 * 1024;
  std::size_t pipelined_requests_max = 64;
};

// Requests with an Origin header from elsewhere than these get no CORS headers (and the browser refuses).
struct CorsOptions {
  std::vector<std::string> allowed_origins;  // patterns, see http/origin.h; empty: same host only
};

struct ServerMetrics;

// `router` must outlive the server.
class Server : public net::StreamAcceptor {
 public:
  struct Options {
    ServerLimits limits;
    CorsOptions cors;
  };
  static std::unique_ptr<Server> Make(net::Loop& loop, const Router& router, Options options);
  virtual ~Server() = default;

  virtual std::size_t connections() const = 0;  // HTTP only, not the upgraded ones
  // Stops keep-alive: finishes what runs, answers with Connection: close.
  virtual void Drain() = 0;
};

}  // namespace tidemill::http
