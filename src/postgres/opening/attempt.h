// One attempt to open a session: one server, with TLS or without, before one deadline.
//
// Loop thread only. Each task owns what it touches: one that comes too late lives on to the end of the turn.
#pragma once

#include <memory>

#include "base/clock.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/task.h"
#include "net/tls.h"
#include "postgres/opening/session_opener.h"
#include "postgres/opening/tls_policy.h"

namespace tidemill::postgres {

using StreamPtr = std::unique_ptr<net::Stream>;

struct OpenConfig {
  OpenOptions options;
  std::shared_ptr<net::TlsContext> tls;  // null: sslmode=disable
};

// What a session is to be, besides where.
struct Want {
  SessionTarget target = SessionTarget::kAny;
  Purpose purpose = Purpose::kQueries;
};

struct Tried {
  sql::Result<OpenedSession> session = sql::Fail(sql::FailureKind::kUnavailable, "");
  bool was_tls = false;  // or tried to be
};
Task<Tried> TryServer(net::Loop& loop, std::shared_ptr<const OpenConfig> config, Server server,
                      Attempt attempt, Want want, MonotonicTime deadline);

// What is being done, for who reports that it took too long.
struct Progress {
  const char* doing = "connecting";
};
Task<sql::Result<StreamPtr>> ConnectTo(net::Loop& loop, std::shared_ptr<const OpenConfig> config,
                                       Server server, Attempt attempt, MonotonicTime deadline,
                                       std::shared_ptr<Progress> progress);
// Whether the connection is what the attempt was to be.
sql::Result<void> CheckTls(const OpenConfig& config, Attempt attempt, const net::Stream& stream);

}  // namespace tidemill::postgres
