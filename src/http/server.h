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
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "http/limits.h"
#include "http/message.h"
#include "http/metrics.h"
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
  void Add(Method method, std::string path, std::shared_ptr<Handler> handler);  // kGet serves HEAD too
  void AddUpgrade(std::string path, std::shared_ptr<UpgradeHandler> handler);   // GET with any Upgrade

  // What serves a path; the handlers live as long as the router.
  struct Route {
    std::vector<std::pair<Method, std::shared_ptr<Handler>>> handlers;
    std::shared_ptr<UpgradeHandler> upgrade;
    std::string allow;  // for Allow: "GET, HEAD, OPTIONS"
  };
  // nullptr: no such path.
  const Route* Find(std::string_view path) const;

 private:
  struct PathHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view path) const { return std::hash<std::string_view>{}(path); }
  };
  Route& At(std::string path);

  std::unordered_map<std::string, Route, PathHash, std::equal_to<>> routes_;
  std::vector<std::pair<std::string, Route*>> prefixes_;  // without the '*'
};

// Requests with an Origin header from elsewhere than these get no CORS headers (and the browser refuses).
struct CorsOptions {
  std::vector<std::string> allowed_origins;  // patterns, see http/origin.h; empty: same host only
};

// `router` must outlive the server.
class Server : public net::StreamAcceptor {
 public:
  struct Options {
    ServerLimits limits;
    CorsOptions cors;
    ServerMetrics* metrics = nullptr;  // null: nothing is counted
  };
  static std::unique_ptr<Server> Make(net::Loop& loop, const Router& router, Options options);
  virtual ~Server() = default;

  virtual void ReplaceCors(CorsOptions cors) = 0;
  virtual std::size_t connections() const = 0;  // HTTP only, not the upgraded ones
  // Stops keep-alive: finishes what runs, answers with Connection: close.
  virtual void Drain() = 0;
};

}  // namespace tidemill::http
