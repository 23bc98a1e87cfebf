// A blocking connection to a server, plain or over TLS, for commands that run in a terminal.
//
// Every wait has an end: a time, or a descriptor that becomes readable when the user gives up. One thread.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "cli/endpoint.h"

namespace tidemill::cli {

struct ConnectOptions {
  Duration timeout = Seconds(10);  // for the name, the connection and the TLS handshake
  int cancel_fd = -1;              // readable: the user gave up, and everything ends with kCancelled
};

class Connection {
 public:
  // kUnavailable: nobody answers there, or its certificate is not trusted for this host.
  static Result<std::unique_ptr<Connection>> Open(const Endpoint& endpoint, ConnectOptions options);
  virtual ~Connection() = default;

  // At least one byte into `into`: how many. kTimeout after `wait`; kClosed at the end of the stream.
  virtual Result<std::size_t> Read(std::span<char> into, Duration wait) = 0;
  virtual Result<void> Write(std::string_view bytes, Duration wait) = 0;
};

}  // namespace tidemill::cli
