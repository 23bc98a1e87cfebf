#include "redis/options.h"

#include <utility>

#include "config/redis_address.h"

namespace tidemill::redis {

std::string Endpoint::ToString() const {
  if (!unix_path.empty()) return unix_path;
  const bool is_ipv6 = host.contains(':');
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Address> Address::Parse(std::string_view text) {
  TM_TRY_ASSIGN(config::RedisAddress parsed, config::RedisAddress::Parse(text));
  return Address{.endpoint = {.host = std::move(parsed.host),
                              .port = parsed.port,
                              .unix_path = std::move(parsed.unix_path)},
                 .credentials = {.user = std::move(parsed.user), .password = std::move(parsed.password)},
                 .db = parsed.db,
                 .has_db = parsed.has_db,
                 .tls = parsed.tls};
}

}  // namespace tidemill::redis
