// The header that a proxy puts before a connection it passes on, to tell whose it is: the PROXY protocol,
// versions 1 and 2 (haproxy.org/download/2.9/doc/proxy-protocol.txt). Bytes in, values out; no I/O.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "net/address.h"

namespace tidemill::net {

// Version 1 is one line of at most 107 bytes; of version 2 no more is taken than this, with all that proxies
// add.
inline constexpr std::size_t kProxyHeaderBytesMax = 2048;

struct ProxyHeader {
  std::size_t bytes = 0;            // of the header
  std::optional<IpAddress> client;  // nullopt: the proxy's own connection, or of a kind without addresses
};

// The header at the start of `input`; nullopt: more bytes are needed. kInvalidArgument: it is none.
Result<std::optional<ProxyHeader>> ParseProxyHeader(std::string_view input);

}  // namespace tidemill::net
