// Listener: accepts connections of one address on one loop.
//
// Every loop opens its own with SO_REUSEPORT, so that a connection lives and dies on the loop that took it;
// a Unix socket is opened once and shared. Unless `defer_accept` is off, a connection is accepted when its
// first bytes are there (TCP_DEFER_ACCEPT), and a new stream is read at once. Out of descriptors: it keeps
// one in reserve, closes what it must, and logs net.accept_failed once a minute.
#pragma once

#include <cstddef>
#include <memory>

#include "metrics/metrics.h"
#include "net/address.h"
#include "net/connection_limiter.h"
#include "net/loop.h"
#include "net/networks.h"
#include "net/stream.h"

namespace tidemill::net {

class TlsContext;

class StreamAcceptor {
 public:
  // Called for each new stream: keep it, set its handler, call ReadNow; or refuse it if it is not admitted.
  virtual void OnStream(std::unique_ptr<Stream> stream, Admission admission) = 0;

 protected:
  ~StreamAcceptor() = default;
};

struct ListenerOptions {
  ListenAddress address;
  int backlog = 4096;
  bool defer_accept = true;         // off for a protocol whose server speaks first
  std::shared_ptr<TlsContext> tls;  // null: plaintext
  // For the process's first listener of an address: SO_REUSEPORT would let a second server of the same user
  // take half of the connections unnoticed.
  bool refuse_shared_port = false;
  // Connections of these begin with a PROXY header, which says whose they are; null: of nobody.
  std::shared_ptr<const Networks> proxy_protocol_from;
  // Counts those that were closed for it; null: nobody does.
  metrics::Counter* proxy_headers_refused = nullptr;
  int unix_mode = 0660;
  int shared_unix_fd = -1;               // another loop's unix listener to share
  ConnectionLimiter* limiter = nullptr;  // outlives every stream accepted here; null: no limits
};

class Listener {
 public:
  virtual ~Listener() = default;
  virtual ListenAddress bound() const = 0;  // with the real port
  virtual int fd() const = 0;
  virtual void ReplaceTls(std::shared_ptr<TlsContext> tls) = 0;  // for handshakes from now on
  virtual void ReplaceProxyProtocol(std::shared_ptr<const Networks> proxies) = 0;  // from now on
  virtual void StopAccepting() = 0;
};

// kInvalidArgument or kUnavailable with the address, the reason and what to do ("address in use: …").
Result<std::unique_ptr<Listener>> OpenListener(Loop& loop, ListenerOptions options, StreamAcceptor& acceptor);

}  // namespace tidemill::net
