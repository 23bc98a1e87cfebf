#include "postgres/address/server.h"

namespace tidemill::postgres {

std::string Server::ToString() const {
  if (is_unix()) return unix_path();
  const bool is_ipv6 = host.contains(':');
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace tidemill::postgres
