// One outgoing connection: a request and its response, one after the other. Private to http/: Fetch uses one
// for one request, ClientPool keeps some.
//
// Loop thread only.
#pragma once

#include <coroutine>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "http/client.h"
#include "http/response_parser.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/task.h"
#include "net/tls.h"

namespace tidemill::http {

class ClientConnection final : private net::StreamHandler, private net::Timer {
 public:
  explicit ClientConnection(std::unique_ptr<net::Stream> stream);
  ~ClientConnection();

  // What keeps the connection while nothing is asked on it.
  class Keeper {
   public:
    // The server closed, or `timeout` is over: destroy it.
    virtual void OnIdleEnd(ClientConnection& connection) = 0;

   protected:
    ~Keeper() = default;
  };

  class Answer;
  // co_await connection.Ask(…): the response. kTimeout at `deadline`; kUnavailable: the connection ended
  // before; kInvalidArgument, kLimitExceeded as the parser says. One request at a time.
  Answer Ask(std::string_view request, ResponseParser parser, MonotonicTime deadline);
  // Whether any byte of the last request's response came.
  bool answered() const { return answered_; }
  // Whether another request may follow: the response said so, and nothing came behind it.
  bool reusable() const;

  void Keep(Duration timeout, Keeper& keeper);

 private:
  void OnData(std::string_view bytes) override;
  void OnWritable() override {}
  void OnClosed() override;
  void OnTimer() override;
  void Finish(Result<ClientResponse> result);
  void EndIdle();

  net::Loop& loop_;
  std::unique_ptr<net::Stream> stream_;
  Keeper* keeper_ = nullptr;              // not null: idle
  std::optional<ResponseParser> parser_;  // of the last request
  std::optional<Result<ClientResponse>> done_;
  std::coroutine_handle<> awaiter_;
  bool answered_ = false;
  bool broken_ = false;  // ended, or said more than was asked
};

class [[nodiscard]] ClientConnection::Answer {
 public:
  explicit Answer(ClientConnection& connection) : connection_(connection) {}
  bool await_ready() const { return connection_.done_.has_value(); }
  void await_suspend(std::coroutine_handle<> awaiter) { connection_.awaiter_ = awaiter; }
  Result<ClientResponse> await_resume() { return *std::move(connection_.done_); }

 private:
  ClientConnection& connection_;
};

// kInvalidArgument: what would not stay one request, or https without TLS.
Result<void> CheckRequest(const ClientRequest& request, const std::shared_ptr<net::TlsContext>& tls);

enum class AfterResponse { kClose, kKeep };
std::string RequestText(const ClientRequest& request, AfterResponse after);
ResponseParser ParserFor(const ClientRequest& request);

// The errors of Fetch.
Task<Result<std::unique_ptr<ClientConnection>>> ConnectFor(net::Loop& loop,
                                                           std::shared_ptr<net::TlsContext> tls,
                                                           const ClientRequest& request,
                                                           MonotonicTime deadline);

}  // namespace tidemill::http
