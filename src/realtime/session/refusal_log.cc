#include "realtime/session/refusal_log.h"

#include <utility>
#include <variant>

#include "base/log.h"
#include "realtime/session/client.h"

namespace tidemill::session {
namespace {

struct Row {
  std::uint32_t code;
  RefusalReason reason;
  std::string_view setting = "";  // where there is only one
};

constexpr Row kRows[] = {
    {protocol::kErrorInternal.code, RefusalReason::kUnavailable},
    {protocol::kErrorUnauthorized.code, RefusalReason::kPermission},
    {protocol::kErrorUnknownChannel.code, RefusalReason::kUnknownChannel, "channel.namespaces"},
    {protocol::kErrorPermissionDenied.code, RefusalReason::kPermission},
    {protocol::kErrorMethodNotFound.code, RefusalReason::kNotAvailable},
    {protocol::kErrorLimitExceeded.code, RefusalReason::kLimit},
    {protocol::kErrorBadRequest.code, RefusalReason::kBadRequest},
    {protocol::kErrorNotAvailable.code, RefusalReason::kNotAvailable},
    {protocol::kErrorTokenExpired.code, RefusalReason::kExpired},
    {protocol::kErrorExpired.code, RefusalReason::kExpired},
    {protocol::kErrorTooManyRequests.code, RefusalReason::kRate},
    {protocol::kDisconnectExpired.code, RefusalReason::kExpired, "client.expired_close_delay"},
    {protocol::kDisconnectSubExpired.code, RefusalReason::kExpired, "client.expired_sub_close_delay"},
    {protocol::kDisconnectSlow.code, RefusalReason::kSlow, "client.queue_max_size"},
    {protocol::kDisconnectTooManyRequests.code, RefusalReason::kRate, "client.commands_per_second"},
    {protocol::kDisconnectInvalidToken.code, RefusalReason::kToken, "client.token"},
    {protocol::kDisconnectBadRequest.code, RefusalReason::kBadRequest},
    {protocol::kDisconnectStale.code, RefusalReason::kStale, "client.stale_close_delay"},
    {protocol::kDisconnectConnectionLimit.code, RefusalReason::kLimit, "client.user_connection_limit"},
    {protocol::kDisconnectChannelLimit.code, RefusalReason::kLimit, "client.channel_limit"},
    {protocol::kDisconnectInappropriateProtocol.code, RefusalReason::kBadRequest},
    {protocol::kDisconnectPermissionDenied.code, RefusalReason::kPermission},
    {protocol::kDisconnectNotAvailable.code, RefusalReason::kNotAvailable},
};

std::uint32_t CodeOf(const Refusal& refusal) {
  return std::visit([](const auto& code) { return code.code; }, refusal);
}

std::string_view TextOf(const Refusal& refusal) {
  if (const auto* const error = std::get_if<protocol::ErrorCode>(&refusal)) return error->message;
  return std::get<protocol::DisconnectCode>(refusal).reason;
}

const Row* RowOf(std::uint32_t code) {
  for (const Row& row : kRows) {
    if (row.code == code) return &row;
  }
  return nullptr;
}

}  // namespace

std::optional<RefusalReason> ReasonOf(const Refusal& refusal) {
  const Row* const row = RowOf(CodeOf(refusal));
  return row ? std::optional(row->reason) : std::nullopt;
}

void RefusalLog::Note(const Client& client, const Refusal& refusal, const RefusalDetail& detail) {
  noted_ = &client;
  const Row* const row = RowOf(CodeOf(refusal));
  if (!row && !detail.reason) return;
  const RefusalReason reason = detail.reason ? *detail.reason : row->reason;
  const auto index = static_cast<std::size_t>(reason);
  metrics_.refusals[index]->Add();
  const auto suppressed = limits_[index].Count(loop_.clock().Now());
  if (!suppressed) return;
  log::Info("session.refused", {{"reason", NameOf(reason)},
                                {"code", CodeOf(refusal)},
                                {"user", client.user},
                                {"client", client.id.ToString()},
                                {"address", client.outbox.peer().ToString()},
                                {"channel", detail.channel},
                                {"why", detail.why.empty() ? TextOf(refusal) : detail.why},
                                {"setting", detail.setting.empty() && row ? row->setting : detail.setting},
                                {"suppressed", *suppressed}});
}

void RefusalLog::NoteOnce(const Client& client, const Refusal& refusal) {
  if (std::exchange(noted_, nullptr) == &client) return;
  Note(client, refusal, {});
  noted_ = nullptr;
}

}  // namespace tidemill::session
