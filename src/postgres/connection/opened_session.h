// OpenedSession: a session with a PostgreSQL server that was opened and may be used: the handover from
// whoever connects and logs in to whoever asks queries.
//
// The server has said ReadyForQuery, and is idle. Bytes that came behind it go to the stream's next handler
// (net::Stream::GiveBack). The new owner sets its handler before it returns to the loop, or drops the
// session; the stream may have been closed already (stream->closed()).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "net/stream.h"
#include "postgres/address/server.h"

namespace tidemill::postgres {

// What a CancelRequest must name. The secret has 4 bytes in version 3.0 of the protocol.
struct BackendKey {
  std::int32_t process_id = 0;
  std::string secret;  // empty: the server gave none, and nothing can be cancelled
  friend bool operator==(const BackendKey&, const BackendKey&) = default;
};

struct OpenedSession {
  std::unique_ptr<net::Stream> stream;
  Server server;        // which of those that were asked for
  std::string address;  // where that was: "10.0.0.7:5432", "/run/postgresql/.s.PGSQL.5432"
  BackendKey key;
  // What ParameterStatus reported so far: "server_version", "in_hot_standby", …
  std::map<std::string, std::string, std::less<>> parameters;
  std::uint32_t version = 0;  // 150018 is 15.18; 0: the server did not say
  bool is_standby = false;    // only known when the target asked for it, or the server reports in_hot_standby
};

}  // namespace tidemill::postgres
