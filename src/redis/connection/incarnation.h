// Incarnation: a number for one life of a primary's data. It grows whenever the data may have lost its newest
// part: when the server was restarted or another one was promoted.
//
// Redis names a life by run_id (new with each process) and master_replid (new with each promotion). These
// names have no order. So the first connection that finds new names writes a number to Redis: the time in ms,
// but more than the number before. Replication and AOF keep the order of writes: data written under a number
// is there only together with it.
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
