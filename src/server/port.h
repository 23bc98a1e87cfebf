// Port: a named set of addresses of one loop, and who gets the connections that are made to them.
//
// A protocol of its own is one more Port with its own acceptor. Main thread until the loops run, then the
// loop's.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/address.h"
#include "net/connection_limiter.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/networks.h"

namespace tidemill::net {
class TlsContext;
}

namespace tidemill::server {

struct PortOptions {
  // The acceptor writes before the client does: a connection is accepted at once, not with its first bytes.
  bool server_speaks_first = false;
  // Goes on accepting while the server drains, for those who ask how it is.
  bool open_while_draining = false;
  bool plain = false;  // without TLS in any case
  // Connections of these begin with a PROXY header; null: of nobody.
  std::shared_ptr<const net::Networks> proxy_protocol_from{};
  metrics::Counter* proxy_headers_refused = nullptr;
};

// An address to listen on. A Unix socket is opened by the first loop, and shared by the others.
struct Listening {
  net::ListenAddress address;
  int shared_unix_fd = -1;
};

Result<std::vector<Listening>> ParseAddresses(const std::vector<std::string>& texts);

class Port {
 public:
  // `name` is the same on all loops. The acceptor outlives the port.
  Port(std::string name, net::StreamAcceptor& acceptor, PortOptions options = {});

  const std::string& name() const { return name_; }

  // Opens the addresses on `loop`; TLS on those that are no Unix sockets, unless `tls` is null. Gives them
  // with real port numbers and descriptors: what to open on the other loops. Both `loop` and `limiter`
  // outlive the port.
  Result<std::vector<Listening>> Open(net::Loop& loop, const std::vector<Listening>& addresses,
                                      std::shared_ptr<net::TlsContext> tls, net::ConnectionLimiter& limiter);
  // As Open does: Unix sockets stay without it.
  void ReplaceTls(const std::shared_ptr<net::TlsContext>& tls);
  // Whose connections begin with a PROXY header from now on; null: nobody's.
  void ReplaceProxyProtocol(const std::shared_ptr<const net::Networks>& proxies);
  // The server drains.
  void Drain();

 private:
  std::string name_;
  net::StreamAcceptor* acceptor_;
  PortOptions options_;
  std::vector<std::unique_ptr<net::Listener>> listeners_;
};

}  // namespace tidemill::server
