// Opens a connection to the primary that a locator names, for Link and SubscriberLink.
#pragma once

#include <memory>

#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "redis/connection/connection.h"
#include "redis/connection/incarnation.h"
#include "redis/connection/locator.h"

namespace tidemill::redis {

struct PrimaryConnection {
  std::unique_ptr<Connection> connection;
  ServerInfo server;
};

// Errors of Locator::Locate and Connection::Open; kUnavailable: the server is no primary, or is loading.
Task<Result<PrimaryConnection>> OpenPrimary(net::Loop& loop, Locator& locator, ConnectionOptions options,
                                            Metrics& metrics);

}  // namespace tidemill::redis
