// What the connections of one server share. Private to http/.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/intrusive_list.h"
#include "base/log_limit.h"
#include "http/server.h"

namespace tidemill::http {

class Connection;

struct ServerState final : HeadWriter {
  ServerState(net::Loop& l, std::shared_ptr<const Router> r, Server::Options o);
  ~ServerState();

  net::Loop& loop;
  std::shared_ptr<const Router> router;
  Server::Options options;
  ServerMetrics* const metrics;  // null: nothing is counted
  // Of routers that were replaced, while connections that they took may live.
  std::vector<std::shared_ptr<TakeoverHandler>> former_takeovers;
  bool draining = false;
  log::LogLimit buffers_used_up;
  IntrusiveList<Connection> connections;
  std::size_t connection_count = 0;

  void Remember(Connection& connection);
  void Forget(Connection& connection);

  void ReplaceRouter(std::shared_ptr<const Router> other);

  // Whose request it is, who may be behind the peer.
  net::IpAddress ClientOf(const Request& request, const net::IpAddress& peer) const {
    const RequestPolicy& policy = options.policy;
    if (!policy.proxies) return peer;
    return ClientAddress(request.headers, peer, *policy.proxies, policy.forwarded);
  }

  // Appends the head of `response`, and its body unless that is streamed. `request` null: the request could
  // not be read.
  struct ResponseForm {
    bool keep_alive = true;
    bool head_only = false;
    int version_minor = 1;
    bool chunked = false;      // of a body that is streamed and whose length is not known
    bool until_close = false;  // the body follows, and ends with the connection
  };
  void AppendResponse(const Request* request, const Response& response, ResponseForm form, std::string& out);
  // HeadWriter
  void AppendHead(const Request& request, const Response& response, std::string& out) override {
    AppendResponse(&request, response, {.keep_alive = false, .head_only = true, .until_close = true}, out);
  }
  // The answer to OPTIONS of what serves the methods that `allow` lists.
  Response Options(const Request& request, const std::string& allow) const;

  std::string scratch;  // for building responses

 private:
  void AppendCors(const Request& request, const Response& response, std::string& out) const;
  std::string_view Date();

  std::int64_t date_second_ = -1;
  std::string date_;
};

}  // namespace tidemill::http
