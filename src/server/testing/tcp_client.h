// A blocking client of a server on the loopback interface, for tests.
#pragma once

#include <string>
#include <string_view>

#include "net/address.h"
#include "net/socket.h"

namespace tidemill::server::testing {

// Not valid: nobody listens there.
net::Fd Connect(const net::SocketAddress& address);

// What comes first, or "" if nothing does within 5 s.
std::string ReadSome(const net::Fd& client);

// Sends one HTTP request of its own connection; gives the whole answer, head and body.
std::string Ask(const net::SocketAddress& address, std::string_view request_line,
                std::string_view headers = "", std::string_view body = "");

}  // namespace tidemill::server::testing
