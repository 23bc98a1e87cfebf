// Outgoing connections: to one address, or to the first that answers of several.
//
// Loop thread only. Destroying a task that waits gives the connection up.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/address.h"
#include "net/keep_alive.h"
#include "net/stream.h"
#include "net/task.h"

namespace tidemill::net {

class TlsContext;

// Asks in the clear for TLS before the handshake, as PostgreSQL's SSLRequest does: the peer answers `request`
// with one byte. kUnavailable: it is neither of these, or more than one byte came.
struct TlsRequest {
  std::string request;
  char accepted = 'S';
  char declined = 'N';  // then the stream is in the clear: its is_tls() says so
};

struct ConnectOptions {
  SocketAddress address;
  std::string unix_path;  // not empty: a Unix socket, and `address` is unused
  Duration timeout = Seconds(5);
  std::shared_ptr<TlsContext> tls;  // null: plaintext
  std::string server_name;
  std::optional<TlsRequest> tls_request;  // nullopt: the handshake begins at once
  std::optional<KeepAlive> keep_alive;    // nullopt: none
};

// Connects within `timeout`; with `tls`, handshakes and checks the certificate for `server_name` as its
// context wants it. kTimeout, kUnavailable with the reason.
Task<Result<std::unique_ptr<Stream>>> Connect(Loop& loop, ConnectOptions options);

// To the first of `addresses` that answers; each gets its share of the time until `deadline`.
Task<Result<std::unique_ptr<Stream>>> ConnectToAny(Loop& loop, std::vector<SocketAddress> addresses,
                                                   MonotonicTime deadline, ConnectOptions options);

}  // namespace tidemill::net
