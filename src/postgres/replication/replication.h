// Replication: what is committed in a database, as it is committed: a temporary slot of logical replication
// with the plugin pgoutput, and its stream.
//
// The slot lives as long as the connection, so nothing is left behind that keeps the server's log. What was
// committed while no stream ran is not told: whoever follows state reads it again after opening one. A change
// arrives here before it is visible to new snapshots of other connections.
//
// Loop thread only. The owner destroys it through Loop::Retire.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "net/loop.h"
#include "net/task.h"
#include "postgres/connection/connection.h"
#include "postgres/metrics.h"
#include "postgres/opening/session_opener.h"
#include "postgres/protocol/pgoutput.h"
#include "sql/failure.h"

namespace tidemill::postgres {

class ReplicationEvents {
 public:
  // Begin, its relations and changes, Commit; transactions in the order of their commits. Borrowed until it
  // returns.
  virtual void OnMessage(const pgoutput::Message& message) = 0;
  // A change was over the limit of a row and is not told. It belongs to the transaction that is open.
  virtual void OnTooLarge(std::uint32_t bytes) = 0;
  // Once, when it ends by itself.
  virtual void OnEnded(const sql::Failure& failure) = 0;

 protected:
  ~ReplicationEvents() = default;
};

struct ReplicationOptions {
  std::vector<std::string> publications;
  std::string slot = "tidemill";  // a random suffix follows
  ConnectionOptions connection;
  Duration status_interval = Seconds(5);  // how often the server is told how far we are
};

class Replication : public net::Retirable {
 public:
  // Everything up to there was taken care of: the server need not keep it. Without this nothing is
  // acknowledged but what has no changes for us.
  virtual void Acknowledge(Lsn lsn) = 0;
  // Where it began.
  virtual Lsn begin() const = 0;
  virtual Lsn acknowledged() const = 0;
};

// kUnavailable, kPermissionDenied (no REPLICATION), kInvalidStatement: wal_level is not logical, or a
// publication is missing. kFull: no slot is free. A publication that is dropped while a stream runs ends it
// at the next change, but from PostgreSQL 18 on its changes are left out and nothing is said.
Task<sql::Result<std::unique_ptr<Replication>>> OpenReplication(net::Loop& loop, const SessionOpener& opener,
                                                                ReplicationOptions options,
                                                                ReplicationEvents& events, Metrics& metrics);

}  // namespace tidemill::postgres
