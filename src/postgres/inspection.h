// Inspection: what a server says of itself and of us, for whoever looks for what is wrong. One connection for
// one look; nothing is kept and nothing is changed.
//
// Loop thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/loop.h"
#include "net/task.h"
#include "postgres/settings.h"
#include "sql/failure.h"

namespace tidemill::postgres {

struct Inspection {
  std::string server;                 // its address
  std::optional<sql::Failure> error;  // why it could not be asked; nothing below is known then

  std::uint32_t version = 0;  // 150018 is 15.18
  bool is_standby = false;
  std::string user;
  std::string database;
  std::string encoding;               // "UTF8"
  std::string wal_level;              // "replica"
  std::uint32_t connections_max = 0;  // for us: without those that are reserved
  std::uint32_t connections = 0;      // there are now, ours included
  Duration clock_ahead{};             // the server's clock beside ours
  Duration clock_error{};             // how wrong that may be: half of the way there and back
  bool may_create = false;            // schemas in this database
  bool may_replicate = false;
  bool is_tls = false;
  bool is_local = false;   // a Unix socket, or an address of this machine
  bool is_pooled = false;  // the process that serves us is not the one we were told to cancel
};

// Each server of the address, one after the other. kInvalidArgument names the setting and what is wrong with
// it. Otherwise failures are in the findings.
Task<Result<std::vector<Inspection>>> Inspect(net::Loop& loop, PostgresSettings settings);

}  // namespace tidemill::postgres
