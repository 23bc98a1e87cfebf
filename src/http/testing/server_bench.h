// For tests of the HTTP server: one on a loop driven by hand, with a clock moved by hand, and clients that
// are the test's own ends of sockets. Its router has GET and POST /echo.
#pragma once

#include <gtest/gtest.h>

#include <coroutine>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/server.h"
#include "net/testing/harness.h"

namespace tidemill::http {

class Echo final : public Handler {
 public:
  std::size_t body_bytes_max() const override { return std::numeric_limits<std::size_t>::max(); }
  Task<Response> Handle(const Request& request) override {
    co_return Response::Text(200, std::string(request.method_name) + " " + std::string(request.body));
  }
};

// Answers when the test says so.
class Later final : public Handler {
 public:
  struct Gate {
    std::coroutine_handle<> waiting;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> handle) { waiting = handle; }
    void await_resume() const {}
  };
  Task<Response> Handle(const Request& request) override {
    const std::string path(request.path);
    const End end{ended};
    co_await gate;
    co_return Response::Text(200, std::string(request.path) == path ? "late" : "torn");
  }
  // Counts tasks that came to an end or were destroyed.
  struct End {
    int& count;
    ~End() { ++count; }
  };
  bool ends_at_half_close() const override { return needs_client; }
  Gate gate;
  int ended = 0;
  bool needs_client = false;
};

class ServerBench : public testing::Test {
 protected:
  explicit ServerBench(std::size_t buffers_bytes_max = 64 * 1024 * 1024, const ServerLimits& limits = {})
      : buffers_(buffers_bytes_max, registry_), loop_(net::testing::OpenLoop({.clock = &clock_})) {
    router_->Add(Method::kGet, "/echo", std::make_shared<Echo>());
    router_->Add(Method::kPost, "/echo", std::make_shared<Echo>());
    Server::Options options;
    options.limits = limits;
    options.metrics = &metrics_;
    options.buffers = &buffers_;
    options.policy.cors.allowed_origins = {"https://good.com"};
    server_ = Server::Make(*loop_, router_, options);
  }

  // A new connection; its other end is the test's.
  net::Fd Connect(net::Admission admission = net::Admission::kAdmitted) {
    auto [ours, theirs] = net::testing::TcpPair();
    server_->OnStream(net::Stream::Adopt(*loop_, theirs.Release(), {}, nullptr), admission);
    return std::move(ours);
  }
  std::string Hear(const net::Fd& fd) {
    net::testing::RunTurns(*loop_);
    return net::testing::ReadAvailable(fd.get());
  }
  std::string Say(const net::Fd& fd, std::string_view bytes) {
    net::testing::WriteAll(fd.get(), bytes);
    return Hear(fd);
  }
  // Without what changes from day to day.
  static std::string Body(const std::string& response) {
    return response.substr(response.find("\r\n\r\n") + 4);
  }

  // Everything the server has to say; empty if what it counted as sent does not arrive.
  std::string HearAll(const net::Fd& fd) {
    std::string all;
    const bool heard = net::testing::RunUntil(*loop_, [&] {
      const std::string more = net::testing::ReadAvailable(fd.get());
      all += more;
      return more.empty() && all.size() == metrics_.bytes_sent.value();
    });
    return heard ? all : "";
  }

  ManualClock clock_;
  metrics::Registry registry_;
  ServerMetrics metrics_{registry_};
  BufferBudget buffers_;
  std::unique_ptr<net::Loop> loop_;
  std::shared_ptr<Router> router_ = std::make_shared<Router>();
  std::unique_ptr<Server> server_;
};

}  // namespace tidemill::http
