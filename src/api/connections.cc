// disconnect and refresh: a user's connections.
#include <utility>

#include "api/commands.h"

namespace tidemill::api {

Task<Outcome> Commands::Run(DisconnectRequest request, std::string& out) {
  control::Disconnect& disconnect = request.disconnect;
  if (disconnect.code == 0) disconnect.code = protocol::kDisconnectForceNoReconnect.code;
  if (disconnect.reason.empty()) disconnect.reason = protocol::kDisconnectForceNoReconnect.reason;
  if (disconnect.code < control::kDisconnectCodeMin || disconnect.code > control::kDisconnectCodeMax ||
      disconnect.reason.size() > control::kDisconnectReasonBytesMax) {
    co_return std::unexpected(protocol::kErrorBadRequest);
  }
  const auto disconnected =
      co_await services_.directory.Apply(std::move(request.target), std::move(disconnect));
  if (!disconnected) co_return std::unexpected(CodeOfDirectory("disconnect", disconnected.error()));
  out += "{}";
  co_return Outcome();
}

Task<Outcome> Commands::Run(RefreshRequest request, std::string& out) {
  const auto refreshed =
      co_await services_.directory.Apply(std::move(request.target), std::move(request.refresh));
  if (!refreshed) co_return std::unexpected(CodeOfDirectory("refresh", refreshed.error()));
  out += "{}";
  co_return Outcome();
}

}  // namespace tidemill::api
