// Settings of Redis: broker.redis. address.h says how addresses look.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/secret.h"
#include "config/section_fwd.h"

namespace tidemill::redis {

// At most one of the three lists of addresses is given.
struct RedisSettings {
  std::vector<config::StoreAddress> address;  // one server, or several that share the channels out among them
  std::vector<config::StoreAddress> cluster_address;   // some nodes of a Redis Cluster
  std::vector<config::StoreAddress> sentinel_address;  // sentinels that know where the primary is
  std::string sentinel_master_name;
  std::string sentinel_user;
  config::Secret sentinel_password;
  std::string user;  // here and below: where an address does not say it itself
  config::Secret password;
  std::uint32_t db = 0;
  bool tls_enabled = false;
  std::string tls_ca_file;      // "": the system's authorities
  std::string tls_server_name;  // "": the host of the address
  std::string prefix = "tidemill";
  std::string client_name = "tidemill";
  Duration connect_timeout = Seconds(1);
  Duration io_timeout = Seconds(4);
  Duration presence_ttl = Seconds(60);
  Duration ready_grace = Seconds(5);
  bool sharded_pub_sub = true;     // in a cluster
  std::string plant_bug_for_test;  // a fault that the checkers of tests/faults must find; "": none
  bool given() const { return !address.empty() || !cluster_address.empty() || !sentinel_address.empty(); }
  friend bool operator==(const RedisSettings&, const RedisSettings&) = default;
};

config::Section<RedisSettings> RedisSection();

}  // namespace tidemill::redis
