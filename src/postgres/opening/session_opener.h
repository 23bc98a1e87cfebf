// SessionOpener: from an address to an open session: names, TCP or Unix socket, TLS, startup, authentication,
// and the choice among several servers.
//
// All of it happens before one deadline; each server and each of its addresses gets its share of the time
// that is left. Servers are tried in their order (load_balance_hosts=random: in any) until one is what
// target_session_attrs wants. A server that refuses our credentials, or has no such database, ends the
// search: the others would say the same.
//
// Immutable; any thread. A session is opened on a loop, and may be given up by destroying the task. What is
// opening outlives the SessionOpener.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "postgres/address/address.h"
#include "postgres/connection/opened_session.h"
#include "sql/failure.h"

namespace tidemill::postgres {

struct OpenOptions {
  Address address;
  Duration connect_timeout = Seconds(5);      // where the address has none
  std::string application_name = "tidemill";  // where the address has none; shown by pg_stat_activity
  // Settings of each session from its beginning, "DateStyle" for one. PgBouncer refuses most of them.
  std::vector<std::pair<std::string, std::string>> parameters;
};

struct OpenConfig;

enum class Purpose : std::uint8_t { kQueries, kReplication };

class SessionOpener {
 public:
  // kInvalidArgument: a TLS file, and what is wrong with it. Blocks: it reads these files.
  static Result<std::unique_ptr<const SessionOpener>> Make(OpenOptions options);

  // kUnauthenticated: we may not enter (28…, 3D000), or refuse to: see login/login.h. kFull: 53300. kTimeout.
  // kUnavailable: all else, so that another attempt may succeed: no connection, TLS, a server that starts up
  // or shuts down (57P03), none that target_session_attrs wants. `code` is the server's where it said one;
  // the message begins with the server's address.
  Task<sql::Result<OpenedSession>> Open(net::Loop& loop, Purpose purpose) const;

  // Sends a CancelRequest to the server of that session, on a connection of its own with the same TLS. The
  // server does not answer: it has arrived when this returns, and what becomes of it is seen in the session.
  Task<sql::Result<void>> Cancel(net::Loop& loop, Server server, BackendKey key) const;

  const Address& address() const;

 private:
  explicit SessionOpener(std::shared_ptr<const OpenConfig> config);

  const std::shared_ptr<const OpenConfig> config_;  // shared with what is opening
};

}  // namespace tidemill::postgres
