// Incarnation: which life of its data a primary is in. Grows whenever the data may have lost its newest part:
// when the server was restarted or another one was promoted.
//
// Redis itself names a life by run_id (new with each process) and master_replid (new with each promotion).
// They have no order, and old connections know old names, so the first connection that finds new names writes
// a number down in Redis: the time in ms, and more than the number before. Whatever was written under a
// number is in the data only together with it, because replication and AOF keep the order of writes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "redis/client.h"

namespace tidemill::redis {

// What INFO says of a server.
struct ServerInfo {
  std::string run_id;
  std::string replication_id;
  bool primary = false;
  // From the text of INFO; kInvalidArgument: a field is missing.
  static Result<ServerInfo> Parse(std::string_view info);
};

// KEYS: the incarnation key. ARGV: run_id, replication_id. Gives the number.
const Script& IncarnationScript();

}  // namespace tidemill::redis
