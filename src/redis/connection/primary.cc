#include "redis/connection/primary.h"

#include <string>
#include <utility>

namespace tidemill::redis {
namespace {

Task<Result<ServerInfo>> AskInfo(Connection& connection) {
  std::string text = "\n";
  for (const char* section : {"server", "replication"}) {
    TM_CO_TRY_ASSIGN(Reply reply, co_await connection.Send({"INFO", section}));
    if (!reply.is_text()) co_return Fail(Errc::kUnavailable, "INFO: " + ToString(reply));
    text += reply.text;
  }
  co_return ServerInfo::Parse(text);
}

}  // namespace

Task<Result<PrimaryConnection>> OpenPrimary(net::Loop& loop, Locator& locator, ConnectionOptions options,
                                            Metrics& metrics) {
  TM_CO_TRY_ASSIGN(const Endpoint endpoint, co_await locator.Locate());
  TM_CO_TRY_ASSIGN(auto connection, co_await Connection::Open(loop, endpoint, std::move(options), metrics));
  auto server = co_await AskInfo(*connection);
  if (server && !server->primary) {
    metrics.refusals.Note("READONLY it is a replica, not the primary", endpoint.ToString(), "INFO");
    server = Fail(Errc::kUnavailable, "is a replica, not the primary");
  }
  if (!server) {
    loop.Retire(std::move(connection));
    co_return Fail(server.error().code, endpoint.ToString() + ": " + server.error().detail);
  }
  co_return PrimaryConnection{.connection = std::move(connection), .server = *std::move(server)};
}

}  // namespace tidemill::redis
