// Link: the command connection to one primary, opened again whenever it is lost.
//
// Connecting: locate, connect, TLS, AUTH, SELECT, CLIENT SETNAME; the server must be a primary (INFO
// replication) and tells its incarnation (incarnation.h). A READONLY answer, a ROLE that is no longer
// primary, a late answer, or news from the locator end the connection.
//
// Loop thread only.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "redis/client.h"
#include "redis/command.h"
#include "redis/connection/locator.h"
#include "redis/metrics.h"
#include "redis/options.h"
#include "redis/reply.h"

namespace tidemill::redis {

struct LinkOptions {
  ConnectionOptions connection;
  std::string incarnation_key;  // where the server keeps its incarnation; in a cluster, in one of its slots
};

class Link {
 public:
  virtual ~Link() = default;

  // Begins to connect.
  virtual void Start() = 0;
  // Errors as Client's. One server, no redirections: MOVED and ASK are the caller's.
  // `asking`: ASKING is sent in front of it.
  enum class Asking { kNo, kYes };
  virtual Task<Result<Reply>> Send(Command command, Asking asking) = 0;
  virtual Task<Result<Reply>> Run(const Script& script, std::vector<std::string> keys,
                                  std::vector<std::string> arguments, Asking asking) = 0;
  // Ends the connection and opens it again where the locator says.
  virtual void Reconnect(std::string why) = 0;

  // Any thread. nullopt while it is up.
  virtual std::optional<MonotonicTime> down_since() const = 0;
};

// `locator` and `metrics` must outlive it.
std::unique_ptr<Link> MakeLink(net::Loop& loop, Locator& locator, LinkOptions options, Metrics& metrics);

}  // namespace tidemill::redis
