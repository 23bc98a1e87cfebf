// Router: which handler serves a path and a method.
//
// A pattern is an exact path ("/api/publish"), may have named segments ("/users/{id}/posts"), and may end in
// "/*", which stands for any rest, also none ("/users/", but not "/users"). Of the patterns that match a path
// the most specific serves it: at the first segment in which they differ an exact one beats a named one,
// which beats "*". The path decides first and then the method: a path that exists with other methods only
// answers 405.
//
// Immutable while a server uses it; Server::ReplaceRouter takes another. What changes more often is a Mount.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "http/handler.h"
#include "http/message.h"

namespace tidemill::http {

class Mount;

class Router {
 public:
  struct Endpoint {
    Method method = Method::kGet;
    std::shared_ptr<Handler> handler;           // or
    std::shared_ptr<TakeoverHandler> takeover;  // one of them
    // Of the named segments, in order; a request keeps them as long as it lives.
    std::shared_ptr<const std::vector<std::string>> parameter_names;

    std::size_t body_bytes_max() const {
      return handler ? handler->body_bytes_max() : takeover->body_bytes_max();
    }
    bool reads_body() const { return handler && handler->reads_body(); }
  };
  // All that one pattern serves.
  struct Route {
    std::shared_ptr<Mount> mount;  // not null: all that the pattern stands for is there
    std::vector<Endpoint> endpoints;
    std::string allow = "OPTIONS";  // for Allow: "GET, HEAD, OPTIONS"

    // nullptr: not with this method. A GET handler serves HEAD too, a takeover its own method only.
    const Endpoint* For(Method method) const;
  };

  Router();
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // For patterns that are not our own: kInvalidArgument says what is wrong with one.
  static Result<void> CheckPattern(std::string_view pattern);

  // `pattern` must pass CheckPattern. Of two handlers of one pattern and method the first serves. OPTIONS is
  // answered by the server itself.
  void Add(Method method, std::string_view pattern, std::shared_ptr<Handler> handler);
  void AddTakeover(Method method, std::string_view pattern, std::shared_ptr<TakeoverHandler> handler);

  // All below `pattern`, which may end in "/*", is served by the routes of `mount`, whatever the method.
  void AddMount(std::string_view pattern, std::shared_ptr<Mount> mount);

  // Each once, in the order in which they were added.
  const std::vector<std::shared_ptr<TakeoverHandler>>& takeovers() const { return takeovers_; }

  // All methods that some path serves, for Allow.
  const std::string& allow() const { return allow_; }

  // nullptr: nothing serves `path`. `values` becomes what stands in the named segments, as sent: views of
  // `path`.
  const Route* Find(std::string_view path, std::vector<std::string_view>& values) const;

 private:
  struct Branch;  // of the tree of segments
  struct PathHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view path) const { return std::hash<std::string_view>{}(path); }
  };

  Route& At(std::string_view pattern);
  void AddEndpoint(std::string_view pattern, Endpoint endpoint, std::string_view allow);

  std::unordered_map<std::string, Route, PathHash, std::equal_to<>> exact_;
  std::string allow_ = "OPTIONS";
  std::vector<std::shared_ptr<TakeoverHandler>> takeovers_;
  std::unique_ptr<Branch> root_;  // of the patterns with names or "*"
};

// Routes that may change between two requests, below a path of a router. A request ends with the handler that
// it began with.
class Mount {
 public:
  virtual ~Mount() = default;

  // As a router's. What it gives holds until the caller returns to the loop.
  virtual const Router::Route* Find(std::string_view path, std::vector<std::string_view>& values) const = 0;
  // What is answered where Find gives nothing, and where the route has other methods only, to which an Allow
  // header is added.
  virtual Response NotFound() const = 0;
  virtual Response WrongMethod(const std::string& allow) const = 0;
};

}  // namespace tidemill::http
