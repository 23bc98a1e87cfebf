// What serves a route: an answer to each request, or a taking over of the connection.
//
// Handlers are shared by all connections of their loop's server. Loop thread only.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"
#include "net/stream.h"
#include "net/task.h"

namespace tidemill::http {

// The longest body that a handler gets which does not say otherwise.
inline constexpr std::size_t kSmallBodyBytesMax = 16 * 1024;

// Answers the requests of a route. Handle may suspend; `request` stays valid until the task ends. The task is
// destroyed when the client resets the connection, or ends its half of it where the handler says so: what
// changes state goes through RunToEnd (net/run_to_end.h).
class Handler {
 public:
  virtual ~Handler() = default;

  // The longest body it takes, unless ServerLimits::body_bytes_max is less. A longer one is answered 413 as
  // soon as it is known to be longer.
  virtual std::size_t body_bytes_max() const { return kSmallBodyBytesMax; }
  // Who sends the request, and may they? Asked once for each, on its head: of a body that has not arrived
  // with it nothing is kept before. Gives what refuses it; nullopt lets it in.
  virtual std::optional<Response> Admit(const Request&) { return std::nullopt; }
  // Whether Admit has let the request in without knowing whose it is: its buffers count as a stranger's
  // (http/buffer_budget.h).
  virtual bool admits_stranger(const Request&) const { return true; }
  // Whether a client that ends its half of the connection while it waits has hung up. Others may do so behind
  // their last request, and read the answer.
  virtual bool ends_at_half_close() const { return false; }
  // Whether it reads the body itself, while that arrives: Handle is called when the head is there, and takes
  // it from request.body_reader (http/body_reader.h). Such a body may be longer than
  // ServerLimits::body_bytes_max.
  virtual bool reads_body() const { return false; }
  // Answers a request that was let in and, unless it reads the body itself, has arrived whole.
  virtual Task<Response> Handle(const Request& request) = 0;
};

// Writes the head of a response for whom has taken the connection over.
class HeadWriter {
 public:
  // Status, Date, the response's headers, those of CORS, and Connection: close. The body is not written: it
  // follows, and ends with the connection.
  virtual void AppendHead(const Request& request, const Response& response, std::string& out) = 0;

 protected:
  ~HeadWriter() = default;
};

// Takes over a connection whose request asks for an upgrade, or for a response that HTTP does not frame.
class TakeoverHandler {
 public:
  virtual ~TakeoverHandler() = default;
  // As a handler's.
  virtual std::size_t body_bytes_max() const { return kSmallBodyBytesMax; }
  // Either gives a response that refuses (nullopt = taken): then `stream` is untouched and the connection
  // is closed after the response. Or takes `stream`, and `rest`: bytes already read after the request,
  // borrowed until return. An answer in HTTP begins with what `head` writes, which is borrowed too.
  virtual std::optional<Response> TakeOver(const Request& request, std::unique_ptr<net::Stream>& stream,
                                           std::string_view rest, HeadWriter& head) = 0;
  // Whether no connection that it has taken lives. A server keeps one that is not idle when its router is
  // replaced: what it owns would end with it.
  virtual bool idle() const = 0;
};

}  // namespace tidemill::http
