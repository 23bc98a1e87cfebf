// disconnect and refresh: a user's connections.
#include <utility>

#include "api/commands.h"

namespace tidemill::api {
namespace {

// What a WebSocket close frame can carry (RFC 6455 section 5.5) of the codes that applications may use.
constexpr std::uint32_t kCodeMin = 3000;
constexpr std::uint32_t kCodeMax = 4999;
constexpr std::size_t kReasonBytesMax = 123;

}  // namespace

Task<Outcome> Commands::Run(DisconnectRequest request, std::string& out) {
  session::Disconnect& disconnect = request.disconnect;
  if (disconnect.code == 0) disconnect.code = protocol::kDisconnectForceNoReconnect.code;
  if (disconnect.reason.empty()) disconnect.reason = protocol::kDisconnectForceNoReconnect.reason;
  if (disconnect.code < kCodeMin || disconnect.code > kCodeMax ||
      disconnect.reason.size() > kReasonBytesMax) {
    co_return std::unexpected(protocol::kErrorBadRequest);
  }
  const auto disconnected =
      co_await services_.directory.Disconnect(std::move(request.target), std::move(disconnect));
  if (!disconnected) co_return std::unexpected(CodeOfDirectory("disconnect", disconnected.error()));
  out += "{}";
  co_return Outcome();
}

Task<Outcome> Commands::Run(RefreshRequest request, std::string& out) {
  const auto refreshed =
      co_await services_.directory.Refresh(std::move(request.target), std::move(request.refresh));
  if (!refreshed) co_return std::unexpected(CodeOfDirectory("refresh", refreshed.error()));
  out += "{}";
  co_return Outcome();
}

}  // namespace tidemill::api
