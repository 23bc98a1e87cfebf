// Outgoing connections: to one address, or to the first that answers of several.
//
// Loop thread only. Destroying a task that waits gives the connection up.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/address.h"
#include "net/stream.h"
#include "net/task.h"

namespace tidemill::net {

class TlsContext;

struct ConnectOptions {
  SocketAddress address;
  std::string unix_path;  // not empty: a Unix socket, and `address` is unused
  Duration timeout = Seconds(5);
  std::shared_ptr<TlsContext> tls;  // null: plaintext
  std::string server_name;
};

// Connects within `timeout`; with `tls`, handshakes and checks that the certificate is for `server_name`.
// kTimeout, kUnavailable with the reason.
Task<Result<std::unique_ptr<Stream>>> Connect(Loop& loop, ConnectOptions options);

// To the first of `addresses` that answers; each gets its share of the time until `deadline`.
Task<Result<std::unique_ptr<Stream>>> ConnectToAny(Loop& loop, std::vector<SocketAddress> addresses,
                                                   MonotonicTime deadline, ConnectOptions options);

}  // namespace tidemill::net
